// Offers only what the engine runs, and gives new elements readable ids instead of generated ones.
const UNSUPPORTED =
  /script|send-task|receive|complex|compensation|link|escalation|cancel|transaction|ad-hoc|event-subprocess|event-sub-process|conditional-start|timer-start|signal-start|error-start|signal-end|signal-event-end|parallel-event|instantiat|data-object|data-store|collapsed-pool|start-non-interrupting|loop$/;
const GENERATED = /^(Activity|Event|Gateway)_[0-9a-z]{6,8}$/;

class SupportedOnly {
  constructor(eventBus, popupMenu, modeling, moddle) {
    const keep = (entries) => Object.fromEntries(Object.entries(entries).filter(([id]) => !UNSUPPORTED.test(id)));
    for (const menu of ['bpmn-replace', 'bpmn-append', 'bpmn-create']) {
      popupMenu.registerProvider(menu, 100, { getPopupMenuEntries: () => keep, getPopupMenuHeaderEntries: () => keep });
    }
    // a flow's id tells where it leads, as everywhere in these diagrams
    const name = (flow) => {
      const wanted = `${flow.source.id}_to_${flow.target.id}`.toLowerCase().slice(0, 60);
      let id = wanted;
      for (let n = 2; moddle.ids.assigned(id); n += 1) id = `${wanted}_${n}`;
      modeling.updateProperties(flow, { id });
    };
    eventBus.on('commandStack.connection.create.postExecuted', 100, ({ context }) => {
      if (context.connection.type === 'bpmn:SequenceFlow') name(context.connection);
    });
    // also once the step at its end gets a name of its own in place of the generated one
    eventBus.on('commandStack.element.updateProperties.postExecuted', 100, ({ context }) => {
      const { element, properties, oldProperties } = context;
      const before = properties.id && oldProperties?.id;
      if (!before || !GENERATED.test(before)) return;
      for (const flow of [...(element.incoming ?? []), ...(element.outgoing ?? [])]) {
        if (flow.type === 'bpmn:SequenceFlow' && flow.id.includes(before.toLowerCase())) name(flow);
      }
    });
  }
}

SupportedOnly.$inject = ['eventBus', 'popupMenu', 'modeling', 'moddle'];

class SupportedPalette {
  constructor(palette, contextPad) {
    const dropped = ['create.data-object', 'create.data-store', 'create.group', 'append.compensation-activity', 'append.receive-task'];
    const keep = (entries) => Object.fromEntries(Object.entries(entries).filter(([id]) => !dropped.includes(id)));
    palette.registerProvider(100, { getPaletteEntries: () => keep });
    contextPad.registerProvider(100, { getContextPadEntries: () => keep });
  }
}

SupportedPalette.$inject = ['palette', 'contextPad'];

export const supportedOnly = {
  __init__: ['supportedOnly', 'supportedPalette'],
  supportedOnly: ['type', SupportedOnly],
  supportedPalette: ['type', SupportedPalette],
};
