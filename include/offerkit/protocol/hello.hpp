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
[[nodiscard]] Result<Welcome> answer_hello(const Hello& hello, const Gate& gate);

}  // namespace offerkit::protocol

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/protocol/impl/hello.ipp>
#endif
