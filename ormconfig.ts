import { DataSource } from 'typeorm';
import { configOfThisProcess } from './src/config/load-config.js';
import { dataSourceOptions } from './src/persistence/data-source-options.js';

const { config } = configOfThisProcess();
if (config.database.url === null)
  throw new Error('DATABASE_URL: expected the URL of a database to compare with, got nothing');

/** The data source of TypeORM's command line: `npm run migration:generate`, `npm run migration:show`. */
export default new DataSource(
  dataSourceOptions({ url: config.database.url, poolSize: 2, applicationName: 'dts-migration-cli' }),
);
