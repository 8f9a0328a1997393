// Which tracks a run has: groups with a title, each of rows.

const COLOURS = 8;
const DASHES = 3;  // ways to draw a curve, so that of equal ones each is seen
const ALWAYS_0 = "0 all the time";

/** Colours of real servers, the same in all tracks: by the lab's order, others behind. */
function colouring(run) {
  const names = new Set(run.servers);
  for (const load of run.loads)
    for (const server of load.requests?.servers ?? load.summary.spread.map((one) => one.server))
      names.add(server);
  for (const one of [...run.curves, ...run.tables]) names.add(one.name);
  const order = [...names];
  return {
    names: order,
    of: (name) => `s${Math.max(0, order.indexOf(name)) % COLOURS}`,
    sorted: (rows) => rows.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
  };
}

function groupsOf(run, colours) {
  return [
    stepsGroup(run), faultsGroup(run), ...vipGroups(run), ...vrrpGroups(run),
    ...requestGroups(run, colours), ...curveGroups(run, colours), ...tableGroups(run, colours),
    dotsGroup("Events", run.happened.filter((one) => one.kind !== "step")),
    dotsGroup("Key packets", run.seen),
  ].filter((one) => one.rows.length || one.note);
}

function stepsGroup(run) {
  const shown = run.steps.map((one, n) => [one.begun, one.ended, n])
    .filter(([, , n]) => run.steps[n].state !== "skipped");
  const row = barsRow({
    name: "Steps", title: "Steps", spans: shown, height: 18, look: stepLook(run.steps),
  });
  return { title: "", rows: shown.length ? [row] : [] };
}

function faultsGroup(run) {
  const faults = run.happened.filter((one) => one.kind === "fault");
  return { title: "", rows: faults.length ? [faultsRow(faults)] : [] };
}

function vipGroups(run) {
  return run.vips.map(({ address, spans }) => ({
    title: `VIP ${address}`,
    rows: run.nodes.filter((node) => spans.some(([, , what]) => what === node)).map((node) =>
      barsRow({
        name: node, title: `${address} on ${node}`, height: 14,
        spans: spans.filter(([, , what]) => what === node),
        look: () => ({ kind: "holder", words: "holds it" }),
      })),
  }));
}

function vrrpGroups(run) {
  return [...new Set(run.vrrp.map((one) => one.name))].map((name) => ({
    title: `VRRP ${name}`,
    rows: run.vrrp.filter((one) => one.name === name).map((one) => barsRow({
      name: one.node, title: `${name} on ${one.node}`, spans: one.spans, look: vrrpLook,
    })),
  }));
}

function requestGroups(run, colours) {
  return run.loads.flatMap((load) => {
    const requests = requestsOf(load);
    if (!requests) return [outagesGroup(load)];
    const latency = latencyRow({
      name: "answer time", title: `Answer times of ${load.name}`, requests, summary: load.summary,
    });
    return [{
      title: `Requests of ${load.name} to ${load.target}`,
      rows: [
        requestsRow({
          name: "requests", title: `Requests of ${load.name}`, load, requests,
          colourOf: colours.of,
        }),
        ...(latency ? [latency] : []),
      ],
    }];
  });
}

/** What is known of a load without its single requests. */
function outagesGroup(load) {
  const spans = load.summary.outages.map((one) => [one.start, one.end, one]);
  const row = barsRow({
    name: "no answer", title: `Outages of ${load.name}`, spans,
    look: (one) => ({ kind: "outage", words: lasting(one.end - one.start) }),
  });
  return { title: `Requests of ${load.name} to ${load.target}`, rows: spans.length ? [row] : [] };
}

/** ActiveConn and InActConn by service; of counts that stay 0 that is all that is said. */
function curveGroups(run, colours) {
  return servicesOf(run.curves).flatMap((service) => {
    const curves = run.curves.filter((one) => one.service === service);
    const groups = [["active", "ActiveConn"], ["inactive", "InActConn"]].map(
      ([key, word]) => curveGroup(`${word} of ${service}`, curves, key, colours));
    return groups.some((one) => one.rows.length) ? groups
      : [{ title: `ActiveConn and InActConn of ${service}`, rows: [], note: ALWAYS_0 }];
  });
}

function curveGroup(title, curves, key, colours) {
  const lines = colours.sorted(curves)
    .map((one) => ({ ...one, at: unpacked(one.at), values: unpacked(one[key]) }))
    .filter((one) => one.values.some((value) => value > 0));
  const directors = [...new Set(lines.map((one) => one.node))];
  const rows = directors.map((node) => curvesRow({
    name: node, title: `${title} on ${node}`,
    lines: lines.filter((one) => one.node === node).map((one, n) => ({
      name: one.name, at: one.at, values: one.values, colour: colours.of(one.name),
      dash: n % DASHES,
    })),
    height: directors.length > 2 ? 44 : 64,
  }));
  return { title, rows, note: rows.length ? "" : ALWAYS_0 };
}

/** Who was in which director's table, and with which weight: all directors' in the same order. */
function tableGroups(run, colours) {
  const services = servicesOf(run.tables);
  const nodes = [...new Set(run.tables.map((one) => one.node))];
  return nodes.flatMap((node) => services.map((service) => ({
    title: `IPVS table of ${node}${service && `: ${service}`}`,
    rows: colours.sorted(run.tables.filter((one) => one.node === node && one.service === service))
      .map((one) => barsRow({
        name: one.name, height: 11, title: `${one.name} (${one.server}) in the table of ${node}`,
        spans: one.spans, look: weightLook(colours.of(one.name)), server: one.name,
      })),
  })));
}

function servicesOf(told) {
  return [...new Set(told.map((one) => one.service))];
}

function dotsGroup(title, told) {
  const kinds = [...new Set(told.map((one) => one.kind))];
  return {
    title, rows: kinds.map((kind) => dotsRow(kind, told.filter((one) => one.kind === kind))),
  };
}
