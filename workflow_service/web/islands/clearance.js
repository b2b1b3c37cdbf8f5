// Tells what a new flow, label or step would lie over: the shapes, flows and labels that are drawn already.
const FRAMES = ['bpmn:Participant', 'bpmn:Lane'];
/** How far a line keeps from a shape, two lines from each other, and a shape from whatever else there is. */
const BESIDE = 6;
const APART = 8;

const isFrame = (one) => FRAMES.includes(one.type) || (one.type === 'bpmn:SubProcess' && one.di?.isExpanded);

/** What is drawn in the same plane, sorted by what it is. */
export function drawn(registry, except = []) {
  const all = registry.filter((one) => one.parent && !one.hidden && !except.includes(one));
  return {
    shapes: all.filter((one) => !one.waypoints && !one.labelTarget && !isFrame(one)),
    labels: all.filter((one) => one.labelTarget),
    lines: all.filter((one) => one.waypoints).map((one) => ({ element: one, segments: segments(one.waypoints) })),
  };
}

export function segments(points) {
  return points.slice(1).map((to, index) => box(points[index], to));
}

function box(a, b) {
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y), flat: Math.abs(a.y - b.y) < 1, steep: Math.abs(a.x - b.x) < 1 };
}

/** Whether two boxes come closer than so many pixels; a negative distance lets them touch. */
export function meet(a, b, distance = 0) {
  return a.x < b.x + b.width + distance && b.x < a.x + a.width + distance && a.y < b.y + b.height + distance && b.y < a.y + a.height + distance;
}

/** How far two lines run along each other, nearer than they may. */
function along(a, b) {
  if (a.flat && b.flat && Math.abs(a.y - b.y) < APART) return Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  if (a.steep && b.steep && Math.abs(a.x - b.x) < APART) return Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return 0;
}

/** What a line between two shapes would lie over, as a sum to be kept small: shapes weigh most, then lines, then labels. */
export function clashes(points, source, target, around) {
  const parts = segments(points);
  let sum = 0;
  for (const shape of around.shapes) {
    const host = shape === source.host || source === shape.host || shape === target.host || target === shape.host;
    const own = shape === source || shape === target;
    const counted = own ? (shape === source ? parts.slice(1) : parts).slice(0, shape === target ? -1 : undefined) : parts;
    const distance = own || host ? -2 : BESIDE;
    sum += 500 * counted.filter((part) => meet(part, shape, distance)).length;
  }
  for (const { segments: others } of around.lines) {
    for (const part of parts) {
      for (const other of others) {
        const length = along(part, other);
        if (length > 4) sum += 100 + length;
        else if (meet(part, other, -0.5) || crosses(part, other)) sum += 12;
      }
    }
  }
  return sum + 60 * around.labels.filter((label) => parts.some((part) => meet(part, label, -1))).length;
}

function crosses(a, b) {
  const inner = (low, value, size) => value > low + 1 && value < low + size - 1;
  return (a.flat && b.steep && inner(a.x, b.x, a.width) && inner(b.y, a.y, b.height)) || (a.steep && b.flat && inner(b.x, a.x, b.width) && inner(a.y, b.y, a.height));
}

/** What a box would lie over, as a sum to be kept small. */
export function covers(bounds, around, distance = 0) {
  const lines = around.lines.flatMap((one) => one.segments).filter((one) => meet(bounds, one, distance)).length;
  return 3 * around.shapes.filter((one) => meet(bounds, one, distance)).length + 2 * around.labels.filter((one) => meet(bounds, one, 0)).length + lines;
}
