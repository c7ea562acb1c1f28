// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The first words on a channel: who is calling, and whether we speak.

#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace offerkit::protocol {

/// The version of the protocol. A peer must speak the same major; minors only add.
inline constexpr std::uint32_t version_major = 1;
inline constexpr std::uint32_t version_minor = 0;

enum class PeerKind : std::uint8_t { framework, agent, executor };

[[nodiscard]] constexpr std::string_view format_peer_kind(PeerKind kind) {
    switch (kind) {
        case PeerKind::framework:
            return "framework";
        case PeerKind::agent:
            return "agent";
        case PeerKind::executor:
            return "executor";
    }
    return "?";
}

/// Opens a channel.
struct Hello {
    std::uint32_t major = version_major;
    std::uint32_t minor = version_minor;
    PeerKind kind = PeerKind::framework;
    std::string cluster;           // Empty: whichever this is.
    std::uint64_t epoch_seen = 0;  // The highest epoch this peer has followed; 0: none.
    std::string principal;
    std::string token;
    friend bool operator==(const Hello&, const Hello&) = default;
};

/// Answers a hello that was accepted.
struct Welcome {
    std::uint32_t major = version_major;
    std::uint32_t minor = version_minor;
    std::string cluster;
    std::uint64_t epoch = 0;
    friend bool operator==(const Welcome&, const Welcome&) = default;
};

/// What a listener demands of a hello.
struct Gate {
    std::string cluster;
    std::uint64_t epoch = 0;
    std::string token;  // Empty: none is asked for (never so on a daemon's listener).
};

/// Two texts compared without telling by the time it takes where they differ.
[[nodiscard]] constexpr bool equals_in_constant_time(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0U : 1U;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const char other = b.empty() ? '\0' : b[i % b.size()];
        difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other);
    }
    return difference == 0;
}

/// Lets a peer in, or says why not. Refuses: `unsupported` version, `too_large` texts,
/// `unauthenticated` token, `wrong_cluster`, `stale_epoch` when the peer has followed a newer
/// master.
[[nodiscard]] inline Result<Welcome> answer_hello(const Hello& hello, const Gate& gate) {
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
