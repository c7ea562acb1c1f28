// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/master/registry.hpp>

#include <algorithm>
#include <type_traits>
#include <variant>
#include <vector>

namespace offerkit::master::registry {

namespace detail {

[[nodiscard]] inline AgentId key_of(const AdmitAgent& entry) { return entry.agent; }
[[nodiscard]] inline AgentId key_of(const MarkUnreachable& entry) { return entry.agent; }
[[nodiscard]] inline AgentId key_of(const SetAgentMode& entry) { return entry.agent; }
[[nodiscard]] inline AgentId key_of(const MarkGone& entry) { return entry.agent; }
[[nodiscard]] inline FrameworkId key_of(const PutFramework& entry) { return entry.framework; }
[[nodiscard]] inline const Role& key_of(const PutRole& entry) { return entry.config.role; }

template <class T, class Key>
[[nodiscard]] auto lower_bound(std::vector<T>& list, const Key& key) {
    return std::lower_bound(list.begin(), list.end(), key,
                            [](const T& entry, const Key& k) { return key_of(entry) < k; });
}

template <class T>
void put(std::vector<T>& list, const T& entry) {
    const auto at = lower_bound(list, key_of(entry));
    if (at != list.end() && key_of(*at) == key_of(entry)) {
        *at = entry;
    } else {
        list.insert(at, entry);
    }
}

template <class T, class Key>
void erase(std::vector<T>& list, const Key& key) {
    const auto at = lower_bound(list, key);
    if (at != list.end() && key_of(*at) == key) list.erase(at);
}

template <class T, class Key>
[[nodiscard]] bool contains(std::vector<T>& list, const Key& key) {
    const auto at = lower_bound(list, key);
    return at != list.end() && key_of(*at) == key;
}

}  // namespace detail

OFFERKIT_INLINE void apply(Contents& contents, const Write& write) {
    const auto forget = [&](AgentId agent) {
        detail::erase(contents.agents, agent);
        detail::erase(contents.unreachable, agent);
        detail::erase(contents.modes, agent);
    };
    const auto is_member = [&](AgentId agent) { return detail::contains(contents.agents, agent); };
    std::visit(
        [&](const auto& w) {
            using W = std::remove_cvref_t<decltype(w)>;
            if constexpr (std::is_same_v<W, AdmitAgent>) {
                detail::put(contents.agents, w);
                detail::erase(contents.unreachable, w.agent);
                detail::erase(contents.gone, w.agent);
            } else if constexpr (std::is_same_v<W, RemoveAgent>) {
                forget(w.agent);
                detail::erase(contents.gone, w.agent);
            } else if constexpr (std::is_same_v<W, MarkUnreachable>) {
                if (is_member(w.agent)) detail::put(contents.unreachable, w);
            } else if constexpr (std::is_same_v<W, MarkGone>) {
                forget(w.agent);
                detail::put(contents.gone, w);
            } else if constexpr (std::is_same_v<W, SetAgentMode>) {
                if (!is_member(w.agent)) return;
                if (w.mode == AgentMode::active) {
                    detail::erase(contents.modes, w.agent);
                } else {
                    detail::put(contents.modes, w);
                }
            } else if constexpr (std::is_same_v<W, PutFramework>) {
                detail::put(contents.frameworks, w);
            } else if constexpr (std::is_same_v<W, RemoveFramework>) {
                detail::erase(contents.frameworks, w.framework);
            } else {
                static_assert(std::is_same_v<W, PutRole>);
                detail::put(contents.roles, w);
            }
        },
        write);
}

}  // namespace offerkit::master::registry
