// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Names without definitions, for headers that only pass things on. The one header that may name
/// all floors.

namespace offerkit {

class Amounts;
class Allocator;
class Fingerprint;
class KindTable;
class Ranges;
class Resources;
class Rng;
class Role;
struct AgentInfo;
struct FrameworkInfo;
struct Offer;
struct Refusal;
struct TaskInfo;
struct TaskStatus;

namespace master {
class Master;
class ReadModel;
struct Effects;
struct Options;
}  // namespace master

namespace agent {
class Agent;
struct Effects;
struct Options;
}  // namespace agent

namespace framework {
class Framework;
class Replies;
struct Effects;
struct Options;
}  // namespace framework

namespace executor {
class Executor;
struct Effects;
}  // namespace executor

}  // namespace offerkit
