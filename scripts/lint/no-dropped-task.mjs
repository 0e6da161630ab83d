// A task is a generator: called as a bare statement it compiles, and does nothing. This rule finds the
// forgotten `yield*`, and the task handed over where a callback's result is thrown away.
import ts from 'typescript';

const DROPPED_NAMES = new Set(['Generator', 'AsyncGenerator']);

/** @param {ts.Type} type */
function isTask(type) {
  const members = type.isUnion() ? type.types : [type];
  return members.some((member) => DROPPED_NAMES.has(member.getSymbol()?.name ?? ''));
}

/** The expression whose value a statement throws away. */
function droppedBy(expression) {
  return expression.type === 'UnaryExpression' && expression.operator === 'void' ? expression.argument : expression;
}

/** @type {import('eslint').Rule.RuleModule} */
export const noDroppedTask = {
  meta: {
    type: 'problem',
    docs: { description: 'Refuse a task that nobody runs' },
    schema: [],
    messages: {
      statement: 'This task never runs: write `yield*` before it, or give it to `loop.spawn`.',
      callback: 'The caller throws this result away, so the task never runs: give it to `loop.spawn`.',
    },
  },
  create(context) {
    const services = context.sourceCode.parserServices;
    const checker = services.program.getTypeChecker();

    function checkCallback(node) {
      const tsNode = services.esTreeNodeToTSNodeMap.get(node);
      const expected = checker.getContextualType(tsNode)?.getCallSignatures() ?? [];
      const resultIsDropped = expected.length > 0
        && expected.every((signature) => (signature.getReturnType().flags & ts.TypeFlags.Void) !== 0);
      if (!resultIsDropped) return;
      const own = services.getTypeAtLocation(node).getCallSignatures();
      if (own.some((signature) => isTask(signature.getReturnType()))) context.report({ node, messageId: 'callback' });
    }

    return {
      ExpressionStatement(node) {
        const dropped = droppedBy(node.expression);
        if (dropped.type === 'AssignmentExpression') return; // Kept, to be run later.
        if (isTask(services.getTypeAtLocation(dropped))) context.report({ node, messageId: 'statement' });
      },
      ArrowFunctionExpression: checkCallback,
      FunctionExpression: checkCallback,
    };
  },
};
