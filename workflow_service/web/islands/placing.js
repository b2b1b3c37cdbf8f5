// Finds room for what is appended: near its source and in its lane, else the lane is made higher; labels go where nothing is.
import AutoPlace from 'diagram-js/lib/features/auto-place/AutoPlace';
import { getNewShapePosition } from 'bpmn-js/lib/features/auto-place/BpmnAutoPlaceUtil';
import { selfAndAllChildren } from 'diagram-js/lib/util/Elements';
import { is } from 'bpmn-js/lib/util/ModelUtil';
import { covers, drawn, meet, segments } from './clearance.js';

const STEP = 10;
const FARTHEST = 160;
const AROUND = 25;
const BORDER = 12;

/** The library's placing, with room made where there is none; both are one step that can be undone. */
class RoomyAutoPlace extends AutoPlace {
  constructor(eventBus, modeling, canvas, commandStack, elementRegistry, spaceTool) {
    super(eventBus, modeling, canvas);
    const usual = this.append;
    const place = (source, shape) => {
      const wanted = getNewShapePosition(source, shape, elementRegistry);
      if (!is(shape, 'bpmn:FlowNode')) return wanted;
      const frame = frameOf(source, elementRegistry);
      const near = (farthest) => nearest(wanted, shape, farthest, frame, elementRegistry);
      const found = near(FARTHEST);
      if (found || !frame) return found ?? near(5 * FARTHEST) ?? wanted;
      widen(frame, shape.height + 2 * AROUND);
      return near(FARTHEST) ?? near(5 * FARTHEST) ?? wanted;
    };
    const widen = (frame, height) => {
      const start = frame.y + frame.height - 1;
      const { movingShapes, resizingShapes } = spaceTool.calculateAdjustments(selfAndAllChildren(canvas.getRootElement(), true), 'y', height, start);
      spaceTool.makeSpace(movingShapes, resizingShapes, { x: 0, y: height }, 's', start);
    };
    eventBus.on('autoPlace', 2000, ({ source, shape }) => place(source, shape));
    commandStack.register('placing.append', {
      preExecute: (context) => {
        context.made = usual.call(this, context.source, context.shape, context.hints);
      },
    });
    this.append = (source, shape, hints) => {
      const context = { source, shape, hints };
      commandStack.execute('placing.append', context);
      return context.made;
    };
  }
}

RoomyAutoPlace.$inject = ['eventBus', 'modeling', 'canvas', 'commandStack', 'elementRegistry', 'spaceTool'];

/** The lane, pool or expanded sub-process in which something stands. */
function frameOf(source, registry) {
  const host = source.host ?? source;
  const middle = { x: host.x + host.width / 2, y: host.y + host.height / 2, width: 0, height: 0 };
  if (host.parent?.type === 'bpmn:SubProcess') return host.parent;
  const holding = registry.filter((one) => ['bpmn:Lane', 'bpmn:Participant'].includes(one.type) && meet(middle, one));
  return holding.sort((a, b) => a.width * a.height - b.width * b.height)[0];
}

/** The free place nearest to the wanted one; nothing where all are taken. */
function nearest(wanted, shape, farthest, frame, registry) {
  const around = drawn(registry);
  const inside = (one) => !frame || (one.y > frame.y + BORDER && one.y + shape.height < frame.y + frame.height - BORDER && one.x > frame.x + BORDER);
  const found = [];
  for (let dx = 0; dx <= farthest; dx += STEP) {
    for (let dy = -3 * FARTHEST; dy <= 3 * FARTHEST; dy += STEP) {
      const bounds = { x: wanted.x + dx - shape.width / 2, y: wanted.y + dy - shape.height / 2, width: shape.width, height: shape.height };
      if (inside(bounds) && isFree(bounds, around)) found.push({ x: wanted.x + dx, y: wanted.y + dy, far: 1.5 * dx + Math.abs(dy) });
    }
  }
  return found.sort((a, b) => a.far - b.far).map(({ x, y }) => ({ x, y }))[0];
}

function isFree(bounds, around) {
  const lines = around.lines.flatMap((one) => one.segments);
  return ![...around.shapes, ...around.labels].some((one) => meet(bounds, one, one.labelTarget ? STEP : AROUND - 1)) && !lines.some((one) => meet(bounds, one, STEP));
}

/** Moves new labels, and those of what is newly connected, off whatever they would cover. */
class ClearLabels {
  constructor(eventBus, modeling, elementRegistry, layouter) {
    const clear = (label) => {
      if (!label?.parent) return;
      const around = drawn(elementRegistry, [label]);
      const bounds = { x: label.x, y: label.y, width: label.width, height: label.height };
      const least = covers(bounds, around, 1);
      if (!least) return;
      const places = [...besides(label, label.labelTarget)].map((one, order) => ({ ...bounds, ...one, order, sum: covers({ ...bounds, ...one }, around, 1) }));
      const best = places.sort((a, b) => a.sum - b.sum || a.order - b.order)[0];
      if (best.sum < least) modeling.moveShape(label, { x: Math.round(best.x - label.x), y: Math.round(best.y - label.y) });
    };
    eventBus.on('commandStack.element.updateLabel.preExecute', 2000, ({ context }) => {
      context.isFirst = !context.element.label && !context.element.labelTarget;
    });
    eventBus.on('commandStack.element.updateLabel.postExecuted', 100, ({ context }) => {
      if (context.isFirst) clear(context.element.label);
    });
    eventBus.on('commandStack.connection.create.postExecuted', 50, ({ context: { connection } }) => {
      for (const one of [connection, connection.source, connection.target]) clear(one.label);
    });
    eventBus.on('commandStack.connection.layout.postExecuted', 50, ({ context: { connection } }) => {
      if (!layouter.room) clear(connection.label);
    });
  }
}

ClearLabels.$inject = ['eventBus', 'modeling', 'elementRegistry', 'layouter'];

/** Where a label may stand, the best places first: beside the parts of a flow, around a shape. */
function* besides(label, owner) {
  if (owner.waypoints) {
    for (const part of segments(owner.waypoints)) yield* beside(label, part);
    return;
  }
  for (const gap of [6, 16, 30]) {
    const below = owner.y + owner.height + gap;
    const above = owner.y - label.height - gap;
    const left = owner.x - label.width - gap;
    const right = owner.x + owner.width + gap;
    const x = owner.x + (owner.width - label.width) / 2;
    const y = owner.y + (owner.height - label.height) / 2;
    for (const [one, other] of [[x, below], [x, above], [right, y], [left, y], [right, below], [right, above], [left, below], [left, above]]) yield { x: one, y: other };
  }
}

function* beside(label, part) {
  for (const at of [0.5, 0.3, 0.7, 0.15, 0.85]) {
    const x = part.x + part.width * at;
    const y = part.y + part.height * at;
    if (part.steep) {
      yield { x: x + 5, y: y - label.height / 2 };
      yield { x: x - label.width - 5, y: y - label.height / 2 };
    } else {
      yield { x: x - label.width / 2, y: y - label.height - 5 };
      yield { x: x - label.width / 2, y: y + 5 };
    }
  }
}

export const placing = {
  __init__: ['clearLabels'],
  autoPlace: ['type', RoomyAutoPlace],
  clearLabels: ['type', ClearLabels],
};
