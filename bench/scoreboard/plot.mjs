/*
 * How many times as slow as its baseline each system is, one row per workload, on a logarithmic scale; a plain SVG in mid tones
 * that can be read on white and on black.
 */
import { figureOf, slowness, titleOf } from './figures.mjs';
import { TARGETS } from './targets.mjs';

const COLOURS = {
  ours: '#d9480f',
  flow: '#868e96',
  bullmq: '#868e96',
  spawn: '#868e96',
  dbos: '#4c6ef5',
  graphile: '#2b8a3e',
  openworkflow: '#9c36b5',
};
const TEXT = '#868e96';
const [WIDTH, LEFT, RIGHT, TOP, ROW] = [860, 130, 30, 70, 34];

export function plot(workloads, results) {
  const figure = figureOf(workloads, results);
  const rows = workloads
    .filter(({ baseline }) => baseline)
    .map((workload) => ({
      workload,
      points: workload.systems
        .map((system) => ({ system, value: slowness(figure, workload, system) }))
        .filter(({ value }) => Number.isFinite(value) && value > 0),
    }))
    .filter(({ points }) => points.length > 0);
  const values = rows.flatMap(({ points }) => points.map(({ value }) => value));
  const low = Math.floor(Math.log10(Math.min(0.5, ...values)));
  const high = Math.ceil(Math.log10(Math.max(2, ...values)));
  const x = (value) => LEFT + ((Math.log10(value) - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const y = (row) => TOP + row * ROW + ROW / 2;
  const bottom = TOP + rows.length * ROW;
  const systems = [...new Set(rows.flatMap(({ points }) => points.map(({ system }) => system)))];

  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 40}" font-family="sans-serif" font-size="12" fill="${TEXT}">`,
    '<title>How many times as slow as its baseline each system is; 1 is the baseline, left is faster</title>',
    ...legend(systems),
    ...Array.from({ length: high - low + 1 }, (_, i) => tick(10 ** (low + i), x, bottom)),
    ...rows.flatMap(({ workload, points }, row) => [
      `<text x="${LEFT - 12}" y="${y(row) + 4}" text-anchor="end">${workload.id}</text>`,
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(row)}" y2="${y(row)}" stroke="${TEXT}" stroke-opacity="0.25"/>`,
      ...targetMark(workload, x, y(row)),
      ...points.map((point) => dot(point, x, y(row))),
    ]),
    `<text x="${LEFT}" y="${bottom + 34}">× as slow as the baseline of the same run (left is faster); the open mark is the target for ours</text>`,
    '</svg>',
  ].join('\n')}\n`;
}

function legend(systems) {
  let left = LEFT;
  return systems.map((system) => {
    const at = left;
    const title = titleOf(system);
    left += 26 + title.length * 7;
    return `<circle cx="${at}" cy="24" r="5" fill="${COLOURS[system]}"/><text x="${at + 10}" y="28">${title}</text>`;
  });
}

function tick(value, x, bottom) {
  const at = x(value).toFixed(1);
  const strength = value === 1 ? 0.9 : 0.3;
  return (
    `<line x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${bottom}" stroke="${TEXT}" stroke-opacity="${strength}"/>` +
    `<text x="${at}" y="${bottom + 16}" text-anchor="middle">${value}</text>`
  );
}

/** Of the targets that are a ratio to the workload's own baseline. */
function targetMark({ id }, x, y) {
  const target = TARGETS.find((candidate) => candidate.id === id && id !== 'steps-3');
  if (!target) return [];
  const at = x(target.atMost ?? 1 / target.atLeast).toFixed(1);
  return [
    `<rect x="${at - 3}" y="${y - 10}" width="6" height="20" fill="none" stroke="${COLOURS.ours}" stroke-width="1.5"/>`,
  ];
}

function dot({ system, value }, x, y) {
  const title = `${titleOf(system)}: ${value.toPrecision(3)}`;
  const size = system === 'ours' ? 7 : 5;
  return `<circle cx="${x(value).toFixed(1)}" cy="${y}" r="${size}" fill="${COLOURS[system]}"><title>${title}</title></circle>`;
}
