// `node --import ./test/support/register-typescript.mjs file.ts` runs TypeScript sources outside Jest.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
