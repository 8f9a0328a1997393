"""Hypothesis strategies for scenarios and what comes of them."""

from __future__ import annotations

from hypothesis import strategies as st

from lvsnet.faults import model as faults
from lvsnet.observe.conditions import (
    COMPARISONS,
    COUNTERS,
    PROTOCOLS,
    Condition,
    Connections,
    InTable,
    Server,
    ServiceName,
    Succeeds,
    VipHolders,
    VipOn,
)
from lvsnet.observe.event import KINDS, Event
from lvsnet.observe.sample import Sample
from lvsnet.observe.table_model import STATES
from lvsnet.scenario.model import (
    Always,
    Break,
    Carried,
    Even,
    Expect,
    Finish,
    Holds,
    Links,
    Measured,
    Run,
    Scenario,
    Send,
    Single,
    States,
    Stays,
    Step,
    Wait,
)
from lvsnet.scenario.result import FAILED, PASSED, SKIPPED, LoadResult, Outcome, StepResult
from lvsnet.scenario.sentences import NUMBERS, TIMES
from lvsnet.traffic.model import (
    SCHEMES,
    STYLES,
    Answerer,
    Load,
    Outage,
    Request,
    Share,
    Summary,
    Target,
)

RESERVED = {"nobody", "one", "no", "even", "within", "and", "on", "of", "for", "to", "by", "in"}
names = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True).filter(
    lambda name: name not in RESERVED
)
addresses = st.ip_addresses(v=4).map(str)
ports = st.integers(1, 65535)
wholes = st.integers(0, 10**9)
times = st.integers(0, 10**15)
seconds = st.integers(1, 10**9).map(lambda us: us / 1e6)
lines = st.integers(1, 10**6)
texts = st.text(max_size=20)
comparisons = st.sampled_from(tuple(COMPARISONS))
endpoints = st.builds(lambda address, port: f"{address}:{port}", addresses, ports)
services = st.builds(ServiceName, endpoints, st.sampled_from(("", *PROTOCOLS)))
servers = st.builds(lambda name, port: Server(name, port=port), names, st.none() | ports)
terms = st.one_of(
    st.builds(VipOn, addresses, names),
    st.builds(VipHolders, addresses, st.integers(0, 9)),
    st.builds(InTable, servers, st.booleans(), names, st.none() | services),
    st.builds(
        Connections,
        st.sampled_from(tuple(COUNTERS)),
        comparisons,
        wholes,
        names,
        st.none() | servers,
        st.none() | services,
    ),
)
conditions = st.builds(
    lambda some, last: Condition((*some, *last)),
    st.lists(terms, min_size=1, max_size=3),
    st.lists(st.builds(Succeeds, names, names), max_size=1),
)
weights = st.dictionaries(names, st.integers(1, 65535), max_size=4).map(
    lambda found: tuple(found.items())
)
percents = st.integers(0, 10**9).map(lambda millionths: millionths / 1e6)
loads = st.one_of(st.just(""), names)
time_measures = st.builds(Measured, st.sampled_from(TIMES), comparisons, seconds, loads)
number_measures = st.one_of(
    st.builds(Measured, st.sampled_from(NUMBERS), comparisons, wholes.map(float), loads),
    st.builds(Measured, st.just("answered"), comparisons, wholes.map(float), loads, names),
)
spreads = st.builds(Even, percents, weights, loads)
states = st.builds(
    States, st.sampled_from(STATES), comparisons, wholes, names, st.none() | services
)
runs = st.builds(Run, names, texts, st.none() | st.integers(0, 255), st.none() | texts)
directions = st.sampled_from(("in", "out"))
rates = st.integers(8, 10**12)
carried = st.one_of(
    st.builds(
        Carried, names, names, directions, st.just("rate"), st.just(""), rates, percents
    ).filter(lambda one: one.within is not None and one.within < 1000),
    st.builds(Carried, names, names, directions, st.just("rate"), comparisons, rates),
    st.builds(
        Carried, names, names, directions, st.just("drops"), comparisons, st.integers(0, 2**32 - 1)
    ),
)
links = st.builds(
    Links,
    st.lists(carried, min_size=1, max_size=3).map(tuple),
    st.integers(10_000, 86_400 * 10**6).map(lambda us: us / 1e6),
)
expectations = st.one_of(
    conditions.map(Holds), time_measures, number_measures, spreads, states, runs, links
)
targets = st.builds(Target, st.sampled_from(SCHEMES), addresses, ports)
several = st.lists(names, min_size=1, max_size=3, unique=True).map(tuple)
answerers = st.builds(Answerer, names, st.sampled_from(("tcp", "udp")), ports)
sent = st.builds(
    Load,
    names,
    several,
    targets,
    seconds,
    st.none() | st.integers(1, 9),
    st.none() | seconds,
    st.integers(1, 9),
    st.sampled_from(STYLES),
    seconds,
    wholes,
)
orders = st.sampled_from(
    (
        faults.Put(faults.PowerOff("lb01")),
        faults.Mend(faults.Netem("lb01", "eth1")),
        faults.Put(faults.Netem("lb01", "eth1", delay_us=5, loss=0.5)),
        faults.Put(faults.Partition(("lb01",), ("lb02", "client"))),
        faults.Clear(),
        faults.Clear("lb01"),
    )
)
acts = st.one_of(
    st.builds(Send, sent, st.lists(answerers, max_size=2).map(tuple)),
    st.builds(Finish, several | st.just(())),
    st.builds(Break, orders),
    st.builds(Wait, seconds),
    st.builds(Expect, expectations, seconds | st.just(0.0)),
    st.builds(Stays, expectations, seconds),
)
scenarios = st.builds(
    Scenario,
    names,
    st.lists(st.builds(Step, acts, texts, lines, seconds, texts, texts), max_size=4).map(tuple),
    st.lists(
        st.builds(
            Always,
            st.builds(Single, addresses | st.just(""), seconds) | conditions.map(Holds),
            texts,
            lines,
        ),
        max_size=2,
    ).map(tuple),
    texts,
    seconds,
)
results = st.builds(
    StepResult,
    texts,
    lines,
    st.sampled_from((PASSED, FAILED, SKIPPED)),
    times,
    times,
    texts,
    texts,
    texts,
)
requests = st.builds(Request, times, times, names, names, texts, wholes, ports, wholes, wholes)
summaries = st.builds(
    Summary,
    wholes,
    wholes,
    wholes,
    st.lists(st.tuples(texts, wholes), max_size=2).map(tuple),
    st.lists(st.builds(Share, names, wholes), max_size=2).map(tuple),
    st.lists(st.builds(Outage, times, times, wholes, st.booleans()), max_size=2).map(tuple),
    times,
    times,
    times,
    times,
    times,
    times,
)
events = st.lists(
    st.builds(Event, times, st.sampled_from(KINDS), names, texts, texts, texts), max_size=3
).map(tuple)
samples = st.builds(
    Sample, times, names, texts, texts, st.integers(-1, 9), st.integers(0, 9), st.integers(0, 9)
)
outcomes = st.builds(
    Outcome,
    st.booleans(),
    times,
    times,
    st.lists(results, max_size=3).map(tuple),
    st.lists(results, max_size=2).map(tuple),
    events,
    st.lists(
        st.builds(LoadResult, names, texts, summaries, st.lists(requests, max_size=3).map(tuple)),
        max_size=2,
    ).map(tuple),
    events,
    st.lists(samples, max_size=3).map(tuple),
)
