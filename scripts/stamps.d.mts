export function packagesAreCurrent(project: string): boolean;
export function stampPackages(project: string): void;
export function buildIsCurrent(project: string): boolean;
export function stampBuild(project: string): void;
