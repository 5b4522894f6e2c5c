/** The first rung: the modules of Node that every start of the helper needs. */
for (const name of ['node:net', 'node:child_process', 'node:crypto'] as const) process.getBuiltinModule(name);
process.exit(0);
