// Places what is added to a diagram where there is room, and leads its flows past what is drawn; what was drawn stays.
import BpmnLayouter from 'bpmn-js/lib/features/modeling/BpmnLayouter';
import { connectRectangles, withoutRedundantPoints } from 'diagram-js/lib/layout/ManhattanLayout';
import { getMid } from 'diagram-js/lib/layout/LayoutUtil';
import { clashes, drawn } from './clearance.js';

const WAYS = ['h:h', 'v:h', 'h:v', 'v:v', 'r:l', 'r:b', 'r:t', 'b:l', 't:l', 'b:b', 't:t', 'r:r', 'l:l', 'b:r', 't:r', 'l:b', 'l:t', 'b:t', 't:b', 'l:r'];
const SHIFT = 15;
const SHIFTS = 24;

/** The library's layouter; where its way lies over something, the best of the other ways it knows, moved aside if need be. */
class ClearLayouter extends BpmnLayouter {
  constructor(elementRegistry, eventBus) {
    super(elementRegistry);
    this.registry = elementRegistry;
    // while room is made flows are only stretched: they keep the way they were drawn
    eventBus.on('commandStack.spaceTool.preExecute', ({ context }) => {
      this.room = context;
    });
    eventBus.on('commandStack.spaceTool.postExecuted', () => {
      this.room = null;
    });
    // what a flow lay over before something was moved is how it was drawn, and may stay
    eventBus.on('commandStack.elements.move.preExecute', () => {
      this.drawn = new Map(elementRegistry.filter((one) => one.type === 'bpmn:SequenceFlow' && one.waypoints).map((one) => [one, this.cost(one)(one.waypoints)]));
    });
    eventBus.on('commandStack.elements.move.postExecuted', () => {
      this.drawn = null;
    });
  }

  cost(connection, source = connection.source, target = connection.target) {
    const around = drawn(this.registry, [connection]);
    return (points) => clashes(points, source, target, around);
  }

  layoutConnection(connection, hints = {}) {
    if (this.room && connection.waypoints) return stretched(connection.waypoints, this.room);
    const usual = super.layoutConnection(connection, hints);
    const source = hints.source ?? connection.source;
    const target = hints.target ?? connection.target;
    if (connection.type !== 'bpmn:SequenceFlow' || source === target) return usual;
    const cost = this.cost(connection, source, target);
    const least = cost(usual);
    const before = this.drawn?.get(connection) ?? (connection.waypoints?.length ? cost(connection.waypoints) : 0);
    if (least <= before) return usual;
    return best(usual, least, [...ways(source, target)], cost);
  }
}

ClearLayouter.$inject = ['elementRegistry', 'eventBus'];

function stretched(points, { delta, direction, start }) {
  const axis = /e|w/.test(direction) ? 'x' : 'y';
  const beyond = (one) => (/e|s/.test(direction) ? one[axis] > start : one[axis] < start);
  const move = (one) => (beyond(one) ? { ...one, [axis]: one[axis] + delta[axis] } : one);
  return points.map((one) => (one.original ? { ...move(one), original: move(one.original) } : move(one)));
}

function best(usual, least, candidates, cost) {
  let found = { points: usual, sum: least + effort(usual) };
  const consider = (points, extra) => {
    const sum = cost(points) + effort(points) + extra;
    if (sum < found.sum) found = { points, sum };
  };
  for (const { points, extra } of candidates) consider(points, extra);
  if (cost(found.points) > 20) for (const { points, extra } of candidates) for (const one of shifted(points)) consider(one, extra);
  return found.points;
}

/** Corners and length: of two ways that lie over nothing, the simpler. */
function effort(points) {
  const length = points.slice(1).reduce((sum, one, index) => sum + Math.abs(one.x - points[index].x) + Math.abs(one.y - points[index].y), 0);
  return points.length * 5 + length / 40;
}

function* ways(source, target) {
  for (const start of docks(source)) {
    for (const end of docks(target)) {
      for (const way of WAYS) {
        const points = withoutRedundantPoints(connectRectangles(source, target, start.at, end.at, { preferredLayouts: [way] }));
        if (points.every(isSquare)) yield { points, extra: start.extra + end.extra };
      }
    }
  }
}

const isSquare = (one, index, all) => !index || Math.abs(one.x - all[index - 1].x) < 1 || Math.abs(one.y - all[index - 1].y) < 1;

/** Where flows meet a shape: at the middle of a side; steps have sides long enough for more than one. */
function docks(shape) {
  const middle = getMid(shape);
  const found = [{ at: middle, extra: 0 }];
  if (shape.width < 80) return found;
  for (const [x, y] of [[0, -1], [0, 1], [-1, 0], [1, 0]]) {
    found.push({ at: { x: Math.round(middle.x + (x * shape.width) / 4), y: Math.round(middle.y + (y * shape.height) / 4) }, extra: 8 });
  }
  return found;
}

/** The same way with one of its inner parts moved aside. */
function* shifted(points) {
  for (let index = 1; index < points.length - 2; index += 1) {
    const steep = Math.abs(points[index].x - points[index + 1].x) < 1;
    for (let step = -SHIFTS; step <= SHIFTS; step += 1) {
      if (!step) continue;
      const move = (one) => (steep ? { ...one, x: one.x + step * SHIFT } : { ...one, y: one.y + step * SHIFT });
      yield points.map((one, at) => (at === index || at === index + 1 ? move(one) : one));
    }
  }
}

export const routing = { layouter: ['type', ClearLayouter] };
