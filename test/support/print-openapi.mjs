// Prints the OpenAPI document as the product serves it: `src` compiled as `nest build` does it, with the Swagger plugin,
// which turns comments into summaries and descriptions; then asked without a database, by Nest's preview mode.
// A program of its own, because Jest reads the sources without the plugin.
import 'reflect-metadata';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { before as swaggerPlugin } from '@nestjs/swagger/plugin';
import ts from 'typescript';

const PROJECT = resolve(import.meta.dirname, '../..');

mkdirSync(join(PROJECT, 'build'), { recursive: true });
const folder = mkdtempSync(join(PROJECT, 'build', 'openapi-'));
try {
  // The product reads its version from beside its own folder.
  copyFileSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  compile(join(folder, 'dist'));
  process.stdout.write(JSON.stringify(await documentOf(join(folder, 'dist'))));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function compile(outDir) {
  const { plugins } = JSON.parse(readFileSync(join(PROJECT, 'nest-cli.json'), 'utf8')).compilerOptions;
  const { config } = ts.readConfigFile(join(PROJECT, 'tsconfig.build.json'), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, PROJECT, { outDir });
  const program = ts.createProgram(fileNames, { ...options, sourceMap: false });
  const transformers = { before: [swaggerPlugin(plugins[0].options, program)] };
  program.emit(undefined, undefined, undefined, false, transformers);
}

async function documentOf(dist) {
  const load = (file) => import(pathToFileURL(join(dist, file)).href);
  const [{ AppModule }, { loadConfig }, { openApiDocument }] = await Promise.all(
    ['app.module.js', 'config/load-config.js', 'http/openapi/openapi.js'].map(load),
  );
  const config = loadConfig({ ROLE: 'api', DATABASE_URL: 'postgres://none', QUEUE_BACKEND: 'postgres' });
  const app = await NestFactory.create(AppModule.for(config), {
    preview: true,
    bodyParser: false,
    abortOnError: false,
    logger: ['error'],
  });
  return openApiDocument(app);
}
