import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../src/domain/json.js';
import {
  MAX_RENDERED_CHARACTERS,
  referencedTasks,
  renderTaskConfig,
  renderTemplates,
  templateFaults,
  textOf,
} from '../../../src/domain/template.js';
import type { TemplateScope } from '../../../src/domain/template.js';
import { cpuMsOf } from './cost.js';

const scope: TemplateScope = {
  params: { x: 'X', n: 5, list: [10, { deep: true }], 'kebab-key': 1, empty: null, tricky: '{{ params.x }}' },
  tasks: { extract: { output: { body: { rows: [1, 2, 3] }, status: 200 } }, 'load-2': { output: 'done' } },
  run: { id: 'the-run', scheduled_for: null },
};

describe('renderTemplates', () => {
  it.each<[string, Json]>([
    ['{{ params.x }}', 'X'],
    ['{{params.x}}', 'X'],
    ['{{ params.n }}', 5],
    ['{{ params }}', scope.params],
    ['{{ params.kebab-key }}', 1],
    ['{{ params.list.1.deep }}', true],
    ['{{ params.empty }}', null],
    ['{{ tasks.extract.output }}', scope.tasks['extract'].output],
    ['{{ tasks.extract.output.body.rows.2 }}', 3],
    ['{{ tasks.load-2.output }}', 'done'],
    ['{{ run.id }}', 'the-run'],
    ['{{ run.scheduled_for }}', null],
  ])('gives a string that is the one placeholder %j the value itself', (template, value) => {
    expect(renderTemplates(template, scope)).toEqual({ ok: true, value });
  });

  it.each([
    ['n={{ params.n }}!', 'n=5!'],
    [' {{ params.n }}', ' 5'],
    ['{{ params.x }}{{ params.n }}', 'X5'],
    ['rows: {{ tasks.extract.output.body.rows }}', 'rows: [1,2,3]'],
    ['{{{{ params.x }}', '{{ params.x }}'],
    ['{{{{', '{{'],
    ['{{{{{{ params.x }}', '{{X'],
    ['{"a":{"b":"{{ params.x }}"}}', '{"a":{"b":"X"}}'],
    ['no }} braces { here }', 'no }} braces { here }'],
    ['{{ params.x }}}}', 'X}}'],
  ])('writes %j as %j', (template, value) => {
    expect(renderTemplates(template, scope)).toEqual({ ok: true, value });
  });

  it('renders strings at every depth, leaves keys and other values alone, and does not touch the template', () => {
    const config = { 'k{{ params.x }}': ['{{ params.x }}', 1, null, { a: 'b {{ params.n }}' }] };
    const before = structuredClone(config);
    expect(renderTemplates(config, scope)).toEqual({
      ok: true,
      value: { 'k{{ params.x }}': ['X', 1, null, { a: 'b 5' }] },
    });
    expect(config).toEqual(before);
  });

  it('does not look into what it filled in', () => {
    expect(renderTemplates(['{{ params.tricky }}', 'a {{ params.tricky }}'], scope)).toEqual({
      ok: true,
      value: ['{{ params.x }}', 'a {{ params.x }}'],
    });
  });

  it.each([
    ['{{ params.absent }}', '{{ params.absent }}: params has no "absent".'],
    ['{{ params.x.length }}', '{{ params.x.length }}: params.x has no "length".'],
    ['{{ params.list.length }}', '{{ params.list.length }}: params.list has no "length".'],
    ['{{ params.list.2 }}', '{{ params.list.2 }}: params.list has no "2".'],
    ['{{ params.list.01 }}', '{{ params.list.01 }}: params.list has no "01".'],
    ['{{ params.empty.x }}', '{{ params.empty.x }}: params.empty has no "x".'],
    ['{{ params.constructor.name }}', '{{ params.constructor.name }}: params has no "constructor".'],
    ['{{ params.__proto__ }}', '{{ params.__proto__ }}: params has no "__proto__".'],
    ['{{ tasks.other.output }}', '{{ tasks.other.output }}: there is no output of a task "other".'],
    ['{{ tasks.toString.output }}', '{{ tasks.toString.output }}: there is no output of a task "toString".'],
  ])('says why %j leads nowhere', (template, message) => {
    expect(renderTemplates({ deep: [template] }, scope)).toEqual({ ok: false, message });
  });

  it('does not let a small text become a huge one', () => {
    const huge = { ...scope, params: { big: 'x'.repeat(1_000_000) } };
    const times = Math.ceil(MAX_RENDERED_CHARACTERS / 1_000_000) + 1;
    expect(renderTemplates('{{ params.big }}'.repeat(times), huge)).toMatchObject({ ok: false });
    expect(renderTemplates(new Array<Json>(times).fill('{{ params.big }}'), huge)).toMatchObject({
      ok: false,
    });
    expect(renderTemplates('{{ params.big }}'.repeat(times - 2), huge)).toMatchObject({ ok: true });
  });

  it('keeps a key named __proto__ as a key', () => {
    const config = JSON.parse('{"__proto__": "{{ params.x }}"}') as JsonObject;
    const rendered = renderTemplates(config, scope);
    expect(JSON.stringify(rendered)).toBe('{"ok":true,"value":{"__proto__":"X"}}');
    expect(({} as JsonObject)['ok']).toBeUndefined();
  });

  it('returns values without braces as they are', () => {
    const plain = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('{{'));
    fc.assert(
      fc.property(plain, (value) => {
        expect(renderTemplates(value as Json, scope)).toEqual({ ok: true, value });
      }),
    );
  });

  it('fills in any own value by any path of plain names', () => {
    const key = fc.stringMatching(/^[A-Za-z0-9_$@-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.jsonValue(), (path, leaf) => {
        // Object.fromEntries: a key may be __proto__.
        const params = path.reduceRight(
          (value: Json, name) => Object.fromEntries([[name, value]]),
          leaf as Json,
        );
        const placeholder = `{{ params.${path.join('.')} }}`;
        expect(renderTemplates([placeholder, `<${placeholder}>`], { ...scope, params })).toEqual({
          ok: true,
          value: [leaf, `<${textOf(leaf as Json)}>`],
        });
      }),
    );
  });

  it('never throws, and agrees with the check about which templates are sound', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{',
      '}',
      ' ',
      'params',
      'tasks',
      '.x',
      '.a',
      '.output',
      'run',
      '.id',
      '\n',
      '"',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
        (text) => {
          const rendered = renderTemplates(text, { ...scope, tasks: { a: { output: { x: 1 } } } });
          const faults = templateFaults(text, new Set(['a', 'x']), '');
          const isUnreadable = faults.some(({ message }) => !message.includes('is not upstream'));
          if (isUnreadable) expect(rendered).toEqual({ ok: false, message: faults[0].message });
          // Of a task that is not upstream, what renders knows only that there is no output.
          else if (faults.length > 0) expect(rendered.ok).toBe(false);
          if (!isUnreadable && !rendered.ok) expect(rendered.message).toMatch(/has no|there is no output/);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('renderTaskConfig', () => {
  it('leaves the programs of shell and python tasks alone', () => {
    expect(
      renderTaskConfig('shell', { command: 'echo {{ params.x }}', env: { X: '{{ params.x }}' } }, scope),
    ).toEqual({
      ok: true,
      value: { command: 'echo {{ params.x }}', env: { X: 'X' } },
    });
    expect(renderTaskConfig('python', { code: '{{ not a path', args: ['{{ params.n }}'] }, scope)).toEqual({
      ok: true,
      value: { code: '{{ not a path', args: [5] },
    });
  });

  it('renders keys of that name where they are not programs', () => {
    expect(
      renderTaskConfig('http', { url: '{{ params.x }}', body: { command: '{{ params.n }}' } }, scope),
    ).toEqual({
      ok: true,
      value: { url: 'X', body: { command: 5 } },
    });
  });
});

describe('templateFaults', () => {
  const upstream = new Set(['extract']);

  it.each([
    '{{ }}',
    '{{}}',
    '{{ params.x',
    '{{ params..x }}',
    '{{ params. }}',
    '{{ params.x + 1 }}',
    '{{ params["x"] }}',
    '{{ params.x | upper }}',
    '{{ process.env }}',
    '{{ tasks.extract }}',
    '{{ tasks.extract.error }}',
    '{{ tasks }}',
    '{{ run }}',
    '{{ run.dag }}',
    '{{ run.id.x }}',
    '{{ {{ params.x }} }}',
    '{{{ params.x }}}',
  ])('refuses %j', (template) => {
    expect(templateFaults({ a: [template] }, upstream, '/c')).toEqual([
      { pointer: '/c/a/0', message: expect.any(String) },
    ]);
  });

  it('refuses each reference to a task that is not upstream', () => {
    expect(
      templateFaults({ a: '{{ tasks.later.output }} {{ tasks.extract.output }}' }, upstream, '/c'),
    ).toEqual([
      {
        pointer: '/c/a',
        message: '{{ tasks.later.output }} refers to "later", which is not upstream of this task.',
      },
    ]);
  });

  it('takes sound templates', () => {
    expect(
      templateFaults({ a: ['{{ tasks.extract.output.a.b }}', '{{{{ anything', 5] }, upstream, ''),
    ).toEqual([]);
  });

  it('reads a megabyte of braces in no time', () => {
    const costMs = cpuMsOf(1_000, () => {
      for (const text of ['{'.repeat(1_000_001), '{{ '.repeat(300_000), `{{ ${'a.'.repeat(500_000)} }}`]) {
        expect(templateFaults(text, upstream, '').every((fault) => fault.message.length < 300)).toBe(true);
      }
    });
    expect(costMs).toBeLessThan(1_000);
  });
});

describe('referencedTasks', () => {
  it('names each task once and passes bad templates over', () => {
    expect(
      referencedTasks({
        a: '{{ tasks.b.output }} {{ tasks.a.output.x }} {{ params.x }}',
        b: ['{{ tasks.b.output }}', '{{ tasks.c.output'],
        c: '{{{{ tasks.d.output }}',
      }),
    ).toEqual(['b', 'a']);
  });
});
