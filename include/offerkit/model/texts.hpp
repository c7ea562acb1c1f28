// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The alphabets of texts that people and peers choose, and the refusals that say which text is
/// wrong. `validate.hpp` is built of these; the wire uses them for what belongs to no noun.

#include <offerkit/core/config.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace offerkit {

/// Whom a refusal is about, spelled out only if there is one: {"task", "t1"}.
struct Subject {
    std::string_view kind;
    std::string_view name = {};
};

/// True for well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The text in a form that can be shown: whatever is not UTF-8, and every control character but
/// line feed and tab, becomes `?`; what exceeds `size_max` bytes is cut off, never inside a
/// character.
[[nodiscard]] std::string printable(std::string_view text, std::size_t size_max = 64);

/// A refusal in the one form that all of validation has: "task t1: use its name: why; todo".
[[nodiscard]] Refusal refuse_field(Subject who, RefusalCode code, std::string_view field,
                                   std::string why, std::string todo);

enum class Empty : bool { refused, allowed };

/// An id that a framework chose: printable ASCII without / and \, not "." or "..", since it becomes
/// the name of a folder. Refuses: `invalid`, `too_large`.
[[nodiscard]] Result<void> validate_id(Subject who, std::string_view field, std::string_view text,
                                       std::size_t size_max, Empty empty = Empty::refused);

/// One line for people: UTF-8 without control characters. Refuses: `invalid`, `too_large`.
[[nodiscard]] Result<void> validate_line(Subject who, std::string_view field,
                                         std::string_view text,
                                         std::size_t size_max = limits::name_max,
                                         Empty empty = Empty::allowed);

/// A text of several lines for people: UTF-8 without NUL. Refuses: `invalid`, `too_large`.
[[nodiscard]] Result<void> validate_prose(Subject who, std::string_view field,
                                          std::string_view text);

/// What an operating system takes: bytes without NUL. Refuses: `invalid`, `too_large`.
[[nodiscard]] Result<void> validate_system_text(Subject who, std::string_view field,
                                                std::string_view text, std::size_t size_max);

/// At most `size_max` of anything. Refuses: `too_large`.
[[nodiscard]] Result<void> validate_count(Subject who, std::string_view field, std::size_t count,
                                          std::size_t size_max,
                                          std::string_view unit = "elements");

/// From zero to `longest`; `Duration::max()`, which means for ever, only if `longest` is that.
/// Refuses: `invalid`, `too_large`.
[[nodiscard]] Result<void> validate_duration(Subject who, std::string_view field, Duration length,
                                             Duration longest);

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/model/impl/texts.ipp>
#endif
