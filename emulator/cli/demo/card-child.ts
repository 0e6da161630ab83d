/**
 * What runs in a card's process of the demo: the program itself, with the arguments that follow, for as long as
 * the demo is there. Its end of the pipe closes however it ends, by SIGKILL as well, and then this process ends too.
 */
process.stdin.on('end', () => { process.kill(process.pid, 'SIGKILL'); });
process.stdin.on('error', () => { process.kill(process.pid, 'SIGKILL'); });
process.stdin.resume();

await import('../grainlink.js');
