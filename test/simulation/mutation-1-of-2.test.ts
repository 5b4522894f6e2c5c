import { mutationTests } from './mutation-tests.ts';

mutationTests({ remainder: 0, parts: 2 });
