/**
 * What `npm start` ends with: where things are, and lines that work when pasted into a second terminal.
 * The README's quick start says more about each.
 */
export function printWelcome(url: string): void {
  console.log(welcome(url.replace(/\/$/, '')));
}

function welcome(url: string): string {
  const post = `curl -s -H 'content-type: application/json'`;
  return `
  The scheduler runs.

    API, try it in the browser   ${url}/docs
    OpenAPI document             ${url}/openapi.json
    Health                       ${url}/health
    Live events                  ${url.replace(/^http/, 'ws')}/ws/jobs

  A first DAG, to paste into a second terminal:

    ${post} ${url}/dags -d '{
      "name": "hello", "tasks": [
        { "name": "greet", "task_type": "shell", "config": { "command": "echo hello" } },
        { "name": "count", "task_type": "python", "dependencies": ["greet"],
          "config": { "code": "def run(ctx):\\n    return len(ctx[\\"inputs\\"][\\"greet\\"][\\"stdout\\"])" } } ] }'

    ${post} ${url}/jobs -d '{ "dag_id": 1, "priority": "high" }'

    curl -s '${url}/jobs?limit=1'

  Ctrl-C stops all of it; the data is kept.
`;
}
