import { mutationTests } from './mutation-tests.ts';

mutationTests({ remainder: 1, parts: 2 });
