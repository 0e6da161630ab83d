import type { Rule } from 'eslint';

export declare const noDroppedTask: Rule.RuleModule;
