// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/protocol/hello.hpp>

#include <string>
#include <utility>

namespace offerkit::protocol {

OFFERKIT_INLINE Result<Welcome> answer_hello(const Hello& hello, const Gate& gate) {
    const auto refuse = [&](RefusalCode code, std::string why, std::string todo) {
        return Refusal{code, std::string(format_peer_kind(hello.kind)), "open a channel",
                       std::move(why), std::move(todo)};
    };
    if (hello.major != version_major) {
        return refuse(RefusalCode::unsupported,
                      "speaks protocol " + std::to_string(hello.major) + "." +
                          std::to_string(hello.minor) + ", this side speaks " +
                          std::to_string(version_major) + "." + std::to_string(version_minor),
                      "run the same major version on both sides");
    }
    if (hello.principal.size() > limits::principal_max || hello.cluster.size() > limits::name_max ||
        hello.token.size() > limits::token_max) {
        return refuse(RefusalCode::too_large, "principal, cluster name or token is too long",
                      "use at most 255, 255 and 512 bytes");
    }
    if (!gate.token.empty() && !equals_in_constant_time(hello.token, gate.token)) {
        return refuse(RefusalCode::unauthenticated,
                      hello.token.empty() ? "gave no token" : "gave a wrong token",
                      "pass the token that the master was started with");
    }
    if (!hello.cluster.empty() && hello.cluster != gate.cluster) {
        return refuse(RefusalCode::wrong_cluster,
                      "belongs to cluster " + hello.cluster + ", this is " + gate.cluster,
                      "connect to a master of its own cluster");
    }
    if (hello.epoch_seen > gate.epoch) {
        return refuse(RefusalCode::stale_epoch,
                      "has followed epoch " + std::to_string(hello.epoch_seen) +
                          ", this master has epoch " + std::to_string(gate.epoch),
                      "stop this master, a newer one has taken over");
    }
    return Welcome{version_major, version_minor, gate.cluster, gate.epoch};
}

}  // namespace offerkit::protocol
