# SPDX-License-Identifier: Apache-2.0
"""Compares what tasks wrote down themselves with what the framework heard of them, and with what a
cluster holds when all is over. Pure: takes texts and values, gives a list of problems.

Each problem begins with its kind: lost, double, order, untrue, struck, overcommitted, registry, leak,
torn.
"""

from collections import defaultdict
from dataclasses import dataclass, field

TERMINAL = {"finished", "failed", "killed", "error", "dropped", "gone"}
ENDS = TERMINAL | {"unknown"}
NEVER_RAN = {"dropped", "unknown"}
AWAY = {"unreachable", "lost"}  # Nobody knows for the moment: may come at any time before an end.
RANK = {"staging": 0, "starting": 1, "running": 2, "killing": 3}
LAST = 4
COUNTER_BITS, COUNTER_MAX = 44, (1 << 44) - 1  # Of a status's id; the rest is the agent's run.
KINDS = {"f": "finished", "x": "failed", "o": "finished", "k": "killed"}


@dataclass(frozen=True)
class Status:
    state: str
    id: int  # 0: none, an answer or the master's own word.
    agent: str
    reason: str
    code: int
    signal: int
    process: int = field(default=0, compare=False)  # Which one of the framework has heard it.


@dataclass
class Ran:
    """What a task wrote: (process, agent, line number) of each start and of each end."""
    starts: list = field(default_factory=list)
    ends: list = field(default_factory=list)


@dataclass
class Heard:
    launched: dict = field(default_factory=dict)  # Task to agent.
    statuses: dict = field(default_factory=lambda: defaultdict(list))
    frameworks: list = field(default_factory=list)
    problems: list = field(default_factory=list)


@dataclass
class Killed:
    """How often the test has taken tasks with it, and so may be answered `failed`."""
    supervisors: int = 0
    launchers: int = 0


def parse_record(text):
    """Returns (task to Ran, problems)."""
    ran, problems = defaultdict(Ran), []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(" ")
        if len(words) != 4 or words[0] not in ("S", "E") or not words[2].isdigit():
            problems.append(f"torn: line {number} of the record is {line!r}")
            continue
        kind, task, process, agent = words
        entry = (int(process), agent, number)
        (ran[task].starts if kind == "S" else ran[task].ends).append(entry)
    return dict(ran), problems


def parse_heard(text):
    heard, process = Heard(), 0
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(" ")
        if words[0] == "L" and len(words) == 3:
            if words[1] in heard.launched:
                heard.problems.append(f"double: the framework has launched {words[1]} twice")
            heard.launched[words[1]] = words[2]
        elif words[0] == "T" and len(words) == 8:
            heard.statuses[words[1]].append(
                Status(words[2], 0 if words[3] == "-" else int(words[3]), words[4], words[5],
                       int(words[6]), int(words[7]), process))
        elif words[0] == "F" and len(words) == 2:
            heard.frameworks.append(words[1])
        elif words[0] == "B":
            process += 1
        elif words[0] != "X":
            heard.problems.append(f"torn: line {number} of the framework's log is {line!r}")
    return heard


def check_order(task, statuses):
    """What one process of the framework is told of a task never goes back, and ends once. Statuses
    with an id are told again to the next process if the one before died without a receipt."""
    ids, last_id, ended_by = {}, 0, 0
    process, rank, end = None, -1, None
    for status in statuses:
        if status.process != process:
            process, rank, end = status.process, -1, None
        if status.id:
            if ids.setdefault(status.id, status) != status:
                yield f"order: {task} was told status {status.id} as two different ones"
            elif ids[status.id] is status and status.id < last_id:
                yield f"order: {task} heard status {status.id} for the first time after {last_id}"
            last_id = max(last_id, status.id)
            if status.state in ENDS:
                if ended_by not in (0, status.id):
                    yield f"double: {task} has ended as status {ended_by} and {status.id}"
                ended_by = status.id
        if end is not None:
            if status.state != end:
                yield f"order: {task} became {status.state} after it was {end}"
        elif status.state in ENDS:
            end = status.state
        elif status.state not in AWAY:
            if status.state not in RANK:
                yield f"order: {task} became {status.state}"
            elif RANK[status.state] < rank:
                yield f"order: {task} went back to {status.state}"
            rank = max(rank, RANK.get(status.state, LAST))


def check_complete(told):
    """An agent counts its statuses, in each of its runs from one, and tells a prefix of them if it
    dies: a number that is missing before another one has been lost. Unless the master told the end
    while the agent was unreachable: then what led to it (running, killing) is no news any more."""
    heard, excused = defaultdict(set), defaultdict(int)
    for statuses in told.values():
        end = next((status for status in statuses if status.state in ENDS), None)
        if end is not None and not end.id:
            excused[end.agent] += 2
    for status in (each for statuses in told.values() for each in statuses):
        if status.id:
            heard[status.agent, status.id >> COUNTER_BITS].add(status.id & COUNTER_MAX)
    for (agent, run), numbers in sorted(heard.items()):
        missing = set(range(1, max(numbers))) - numbers
        excused[agent] -= len(missing)
        if missing and excused[agent] < 0:
            yield (f"lost: {len(missing)} statuses of run {run} of {agent}: "
                   f"{', '.join(str(number) for number in sorted(missing)[:10])}")


def end_of(statuses):
    """The last word: an agent's own if there is one, since the master may say it before in short."""
    ends = [status for status in statuses if status.state in ENDS]
    return next((status for status in ends if status.id), ends[0] if ends else None)


def check_run(task, agent, ran, end, statuses):
    """What one task wrote against what was said of it. Returns (problems, whether it was struck)."""
    problems = []
    if len(ran.starts) > 1:
        problems.append(f"double: {task} has run {len(ran.starts)} times")
    if len(ran.ends) > 1:
        problems.append(f"double: {task} has come to its end {len(ran.ends)} times")
    if ran.ends and not ran.starts:
        problems.append(f"untrue: {task} has come to its end without a start")
    elsewhere = {entry[1] for entry in ran.starts + ran.ends} - {agent}
    elsewhere |= {status.agent for status in statuses} - {agent, "-"}
    if elsewhere:
        problems.append(f"untrue: {task} was launched on {agent}, and heard of on {elsewhere}")
    if {entry[0] for entry in ran.starts} < {entry[0] for entry in ran.ends}:
        problems.append(f"double: {task} was ended by another process than began it")
    if end is None:
        problems.append(f"lost: nobody was told how {task} has ended")
        return problems, False
    if end.state in NEVER_RAN:
        if ran.starts:
            problems.append(f"untrue: {task} is {end.state}, as if it had not run")
        return problems, False
    more, struck = check_end(task, ran, end)
    return problems + more, struck


def check_end(task, ran, end):
    whole = bool(ran.starts and ran.ends)
    expected = KINDS.get(task[0])
    said = f"{end.state}, {end.reason}, code {end.code}, signal {end.signal}"
    if end.state == "finished" and expected in ("finished", "killed"):
        return ([] if whole else [f"untrue: {task} is {said}, but has not done its work"]), False
    if end.state == "failed":
        if expected == "failed" and end.reason == "command_exited" and end.code == 7:
            return ([] if whole else [f"untrue: {task} is {said}, but has not done its work"]), False
        if end.reason == "launcher_lost" or (end.reason == "command_signalled" and end.signal == 9):
            return [], True
    if end.state == "killed" and expected == "killed" and end.reason == "kill_requested":
        return [], False
    return [f"untrue: {task} is {said}"], False


def check_room(ran, slots):
    """Never more tasks at a time on an agent than it has room for. A task without an end is left
    out: when it was struck is not on record."""
    moves = []
    for each in ran.values():
        if len(each.starts) == 1 and len(each.ends) == 1:
            moves += [(each.starts[0][2], 1, each.starts[0][1]), (each.ends[0][2], -1, each.ends[0][1])]
    running, told = defaultdict(int), set()
    for number, change, agent in sorted(moves):
        running[agent] += change
        if running[agent] > slots and agent not in told:
            told.add(agent)
            yield (f"overcommitted: {running[agent]} tasks on {agent} at line {number} of the record,"
                   f" which has room for {slots}")


def check_tasks(record, heard_text, slots, killed=Killed()):
    """Returns (problems, figures)."""
    ran, problems = parse_record(record)
    heard = parse_heard(heard_text)
    problems += heard.problems
    struck, ends = [], defaultdict(int)
    for task, agent in heard.launched.items():
        statuses = heard.statuses.get(task, [])
        end = end_of(statuses)
        ends[end.state if end else "none"] += 1
        more, was_struck = check_run(task, agent, ran.get(task, Ran()), end, statuses)
        problems += [*more, *check_order(task, statuses)]
        struck += [task] if was_struck else []
    problems += check_complete(heard.statuses)
    for task in sorted((set(ran) | set(heard.statuses)) - set(heard.launched)):
        problems.append(f"untrue: {task} ran or was heard of, but was never launched")
    # A launcher that dies between a fork and the first word of its supervisor gives that task up.
    if len(struck) > killed.supervisors + killed.launchers:
        problems.append(f"struck: {len(struck)} tasks were ended from outside, but only "
                        f"{killed.supervisors} supervisors and {killed.launchers} launchers "
                        f"killed: {', '.join(struck[:10])}")
    if len(set(heard.frameworks)) > 1:
        problems.append(f"lost: the framework had to begin again: {heard.frameworks}")
    problems += check_room(ran, slots)
    figures = {"tasks": len(heard.launched), "struck": len(struck), "ends": dict(ends),
               "ran": sum(1 for each in ran.values() if each.starts),
               "statuses": sum(len(each) for each in heard.statuses.values())}
    return problems, figures


def check_registry(dump, agents, acknowledged, attempted):
    """`dump`: of `offerkit registry dump`, after the framework has ended. `agents`: the ids that
    were there at the beginning. `acknowledged`, `attempted`: role to weight, of an operator."""
    found = {agent["id"] for agent in dump["agents"]}
    if found != set(agents):
        yield f"registry: agents {sorted(found)} instead of {sorted(agents)}"
    for what in ("unreachable", "gone", "modes", "frameworks"):
        if dump[what]:
            yield f"registry: {what} is {dump[what]}, but there is nobody left"
    roles = {role["role"]: role["weight"] for role in dump["roles"]}
    for name, weight in acknowledged.items():
        if name not in roles:
            yield f"lost: the weight of role {name} was acknowledged"
        elif float(roles[name]) != weight:
            yield f"registry: role {name} has weight {roles[name]} instead of {weight}"
    for name in sorted(set(roles) - set(attempted) - set(acknowledged)):
        yield f"registry: role {name}, of which nobody has spoken"


def check_sandboxes(sandboxes, record, launched):
    """`sandboxes`: (task, run) of each folder on any agent."""
    ran, _ = parse_record(record)
    count = defaultdict(int)
    for task, _run in sandboxes:
        count[task] += 1
    for task, number in count.items():
        if task not in launched:
            yield f"leak: a sandbox of {task}, which was never launched"
        elif number > 1:
            yield f"double: {task} has {number} sandboxes"
    for task in ran:
        if task not in count:
            yield f"lost: the sandbox of {task}"


def check_left(before, after, slack=4):
    """Descriptors of each daemon at the end, against those of a fresh one in its place."""
    for name, number in before.items():
        if number > after[name] + slack:
            yield f"leak: {name} had {number} open files, a fresh one has {after[name]}"
