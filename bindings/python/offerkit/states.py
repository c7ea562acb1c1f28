# SPDX-License-Identifier: Apache-2.0
"""The closed sets. A member's value is the text that the wire, the tool and the logs use."""

import enum


class TaskState(enum.Enum):
    """The state of a task, as reported by whoever knows it best at the time.

    The first four are a task's life, the next six its end (`is_terminal`); the last four mean that
    nobody knows for certain.
    """

    STAGING = "staging"  # Accepted by the master, not yet started.
    STARTING = "starting"  # Its executor is being made ready.
    RUNNING = "running"
    KILLING = "killing"  # Asked to end.
    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"
    ERROR = "error"  # The description of the task is wrong: it will never run.
    DROPPED = "dropped"  # Did not reach the agent; it never ran.
    GONE = "gone"  # Its agent is gone for good.
    UNREACHABLE = "unreachable"
    LOST = "lost"
    GONE_BY_OPERATOR = "gone_by_operator"
    UNKNOWN = "unknown"

    @property
    def is_terminal(self) -> bool:
        """True if the task has ended."""
        return self in _TERMINAL

    @property
    def is_certain(self) -> bool:
        """False while nobody knows what the task does: it may still run."""
        return self not in _UNCERTAIN


_TERMINAL = {TaskState.FINISHED, TaskState.FAILED, TaskState.KILLED, TaskState.ERROR,
             TaskState.DROPPED, TaskState.GONE}
_UNCERTAIN = {TaskState.UNREACHABLE, TaskState.LOST, TaskState.GONE_BY_OPERATOR,
              TaskState.UNKNOWN}


class StatusSource(enum.Enum):
    """Who reported a status."""

    MASTER = "master"
    AGENT = "agent"
    EXECUTOR = "executor"


class StatusReason(enum.Enum):
    """Why a task is in its state, for programs; the message says it for people."""

    NONE = "none"
    RECONCILIATION = "reconciliation"  # An answer to a question, not news.
    COMMAND_EXITED = "command_exited"  # The command ended by itself.
    COMMAND_SIGNALLED = "command_signalled"  # The command was ended by a signal that we did not send.
    COMMAND_NOT_STARTED = "command_not_started"  # exec, chdir or a file failed.
    KILL_REQUESTED = "kill_requested"  # The framework asked.
    RUN_TIME_EXCEEDED = "run_time_exceeded"  # Ran longer than `run_time_max`.
    PREEMPTED = "preempted"  # Taken back for a task of higher priority.
    UNHEALTHY = "unhealthy"  # A health check failed too often.
    MEMORY_LIMIT = "memory_limit"  # Killed for its memory.
    DISK_LIMIT = "disk_limit"
    EXECUTOR_TERMINATED = "executor_terminated"  # Its executor ended.
    LAUNCHER_LOST = "launcher_lost"  # Launcher and supervisor both died.
    AGENT_REMOVED = "agent_removed"  # The operator or a timeout removed the agent.
    AGENT_DISCONNECTED = "agent_disconnected"
    AGENT_RESTARTED = "agent_restarted"
    AGENT_UNKNOWN = "agent_unknown"  # No such agent.
    FRAMEWORK_REMOVED = "framework_removed"
    TASK_UNKNOWN = "task_unknown"  # No such task.
    TASK_DUPLICATE = "task_duplicate"  # The id is in use.
    TASK_INVALID = "task_invalid"
    OFFER_UNAVAILABLE = "offer_unavailable"  # Used, rescinded, expired or somebody else's.
    RESOURCES_INSUFFICIENT = "resources_insufficient"  # More than was offered.
    LIMIT_EXCEEDED = "limit_exceeded"  # A limit of the agent or master.
    FOREIGN = "foreign"  # A reason of a custom executor: see `message`.
    AGENT_DRAINING = "agent_draining"  # Its agent is being emptied by an operator.


class DeclineReason(enum.Enum):
    """Why an offer was not taken: kept as counts, and shown to whoever asks why something waits."""

    UNSPECIFIED = "unspecified"
    NO_WORK = "no_work"  # Nothing is waiting.
    TOO_SMALL = "too_small"  # The offer has not enough of something.
    CONSTRAINT = "constraint"  # The agent does not qualify (attribute, spread, ...).
    DELAY = "delay"  # Waiting for a better place.
    GANG = "gang"  # Not enough at once for all members.
    LIMIT = "limit"  # The framework's own ceiling is reached.
    UNANSWERED = "unanswered"  # The SDK declined for a scheduler that held the offer too long.
    FAILED = "failed"  # The scheduler's handler failed.
