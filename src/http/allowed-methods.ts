import type { Application } from 'express';

/** The parts of Express's router we look at; its own types keep them closed. */
interface Layer {
  route?: { methods: Record<string, boolean | undefined> };
  match(path: string): boolean;
}

/**
 * The methods that some route takes at `path`, for `Allow`; none when nothing is there at all. Looked up only after the
 * router found no route, so it costs ordinary requests nothing.
 */
export function allowedMethods(express: Application, path: string): string[] {
  const methods = new Set<string>();
  for (const layer of (express.router as unknown as { stack: Layer[] }).stack) {
    if (layer.route === undefined || !matches(layer, path)) continue;
    for (const [method, isTaken] of Object.entries(layer.route.methods))
      if (isTaken === true && method !== '_all') methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

function matches(layer: Layer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    // A path that cannot be decoded.
    return false;
  }
}
