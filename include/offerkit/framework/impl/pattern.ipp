// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/assert.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/framework/pattern.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::framework {

/// A tree first, because each step must know the one that follows it, which stands further on in
/// the text. Nodes are numbers: depth and length are bounded before anything recurses.
class PatternParser {
public:
    explicit PatternParser(std::string_view text) : text_(text) {}

    [[nodiscard]] Result<Pattern> parse() {
        if (text_.size() > Pattern::length_max) {
            return refuse(RefusalCode::too_large, "has " + std::to_string(text_.size()) + " bytes",
                          "use at most " + std::to_string(Pattern::length_max));
        }
        const std::size_t root = alternatives(0);
        if (refusal_) return *std::move(refusal_);
        if (at_ != text_.size()) {
            return refuse(RefusalCode::malformed, "has a ) without its (" + place(), "remove it");
        }
        Pattern pattern;
        pattern.text_ = text_;
        pattern.steps_.push_back({});  // The end.
        pattern.first_ = emit(pattern.steps_, root, 0);
        return pattern;
    }

private:
    using Step = Pattern::Step;
    enum class Kind : std::uint8_t { nothing, byte, sequence, either, star, plus, maybe };

    struct Node {
        Kind kind = Kind::nothing;
        std::size_t left = 0;
        std::size_t right = 0;
        Pattern::Set set{};
    };

    std::size_t add(Node node) {
        nodes_.push_back(node);
        return nodes_.size() - 1;
    }

    [[nodiscard]] bool is_at_end() const { return refusal_ || at_ == text_.size(); }
    [[nodiscard]] bool is_next(char c) const { return !is_at_end() && text_[at_] == c; }
    [[nodiscard]] std::string place() const { return " at byte " + std::to_string(at_ + 1); }

    Refusal refuse(RefusalCode code, std::string why, std::string todo) {
        Refusal refusal{code, "pattern", "read it", std::move(why), std::move(todo)};
        if (!refusal_) refusal_ = refusal;
        return refusal;
    }

    std::size_t alternatives(std::size_t depth) {
        if (depth > Pattern::depth_max) {
            refuse(RefusalCode::too_large, "has groups within groups" + place(),
                   "use at most " + std::to_string(Pattern::depth_max) + " levels");
            return 0;
        }
        std::size_t all = sequence(depth);
        while (is_next('|')) {
            ++at_;
            const std::size_t right = sequence(depth);
            all = add({Kind::either, all, right});
        }
        return all;
    }

    std::size_t sequence(std::size_t depth) {
        std::size_t all = add({});
        while (!is_at_end() && text_[at_] != '|' && text_[at_] != ')') {
            const std::size_t right = repeated(depth);
            all = add({Kind::sequence, all, right});
        }
        return all;
    }

    std::size_t repeated(std::size_t depth) {
        std::size_t one = single(depth);
        while (is_next('*') || is_next('+') || is_next('?')) {
            const char mark = text_[at_++];
            one = add({mark == '*' ? Kind::star : mark == '+' ? Kind::plus : Kind::maybe, one});
        }
        return one;
    }

    std::size_t single(std::size_t depth) {
        const char c = text_[at_];
        if (c == '(') return group(depth);
        if (c == '[') return bytes();
        if (c == '*' || c == '+' || c == '?') {
            refuse(RefusalCode::malformed,
                   std::string("has nothing to repeat before ") + c + place(),
                   std::string("write \\") + c + " for the character itself");
            return 0;
        }
        if (c == '^' || c == '$') {
            refuse(RefusalCode::unsupported, std::string("has ") + c + place(),
                   "leave it out: a pattern always matches the whole text");
            return 0;
        }
        if (c == '{') {
            refuse(RefusalCode::unsupported, "has { }" + place(), "repeat what stands before it");
            return 0;
        }
        Pattern::Set set;
        ++at_;
        if (c == '.') {
            set.set();
        } else if (c == '\\') {
            set = escaped();
        } else {
            set.set(static_cast<unsigned char>(c));
        }
        return add({Kind::byte, 0, 0, set});
    }

    std::size_t group(std::size_t depth) {
        const std::string where = place();
        ++at_;
        const std::size_t inner = alternatives(depth + 1);
        if (!is_next(')')) {
            refuse(RefusalCode::malformed, "has a ( without its )" + where, "add a )");
            return 0;
        }
        ++at_;
        return inner;
    }

    Pattern::Set escaped() {
        Pattern::Set set;
        if (at_ == text_.size()) {
            refuse(RefusalCode::malformed, "ends with \\", "write \\\\ for the character itself");
            return set;
        }
        const char c = text_[at_++];
        const auto put = [&](char first, char last) {
            for (int each = first; each <= last; ++each)
                set.set(static_cast<std::size_t>(each));
        };
        if (c == 'd' || c == 'w') put('0', '9');
        if (c == 'w') {
            put('a', 'z');
            put('A', 'Z');
            put('_', '_');
        }
        if (c == 's') {
            put('\t', '\r');
            put(' ', ' ');
        }
        if (set.none()) {
            const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            const bool is_digit = c >= '0' && c <= '9';
            if (is_letter || is_digit) {
                at_ -= 2;
                refuse(RefusalCode::unsupported, std::string("has \\") + c + place(),
                       "only \\d, \\w and \\s are known");
            }
            set.set(static_cast<unsigned char>(c));
        }
        return set;
    }

    std::size_t bytes() {
        const std::string where = place();
        ++at_;
        const bool inverts = is_next('^');
        if (inverts) ++at_;
        Pattern::Set set;
        for (bool first = true; !is_at_end() && (first || text_[at_] != ']'); first = false) {
            const auto low = static_cast<unsigned char>(text_[at_++]);
            if (low == '\\') {
                set |= escaped();
                continue;
            }
            unsigned high = low;
            if (is_next('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
                high = static_cast<unsigned char>(text_[at_ + 1]);
                at_ += 2;
            }
            if (high < low) {
                refuse(RefusalCode::malformed, "has a range that runs backwards" + where,
                       "turn it");
                return 0;
            }
            for (unsigned each = low; each <= high; ++each)
                set.set(each);
        }
        if (!is_next(']')) {
            refuse(RefusalCode::malformed, "has a [ without its ]" + where, "add a ]");
            return 0;
        }
        ++at_;
        return add({Kind::byte, 0, 0, inverts ? ~set : set});
    }

    /// The steps of a node and then `next`. Returns the first.
    std::uint32_t emit(std::vector<Step>& steps, std::size_t index, std::uint32_t next) const {
        const Node& node = nodes_[index];
        const auto push = [&](Step::Kind kind, std::uint32_t one, std::uint32_t other) {
            steps.push_back({kind, one, other, node.set});
            return static_cast<std::uint32_t>(steps.size() - 1);
        };
        switch (node.kind) {
            case Kind::nothing:
                return next;
            case Kind::byte:
                return push(Step::Kind::byte, next, 0);
            case Kind::sequence:
                return emit(steps, node.left, emit(steps, node.right, next));
            case Kind::either: {
                const std::uint32_t left = emit(steps, node.left, next);
                return push(Step::Kind::fork, left, emit(steps, node.right, next));
            }
            case Kind::maybe:
                return push(Step::Kind::fork, emit(steps, node.left, next), next);
            case Kind::star:
            case Kind::plus: {
                const std::uint32_t fork = push(Step::Kind::fork, 0, next);
                const std::uint32_t again = emit(steps, node.left, fork);
                steps[fork].next = again;
                return node.kind == Kind::star ? fork : again;
            }
        }
        return next;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Node> nodes_;
    std::optional<Refusal> refusal_;
};

OFFERKIT_INLINE Result<Pattern> Pattern::parse(std::string_view text) {
    return PatternParser{text}.parse();
}

OFFERKIT_INLINE bool Pattern::matches(std::string_view text) const {
    if (steps_.empty()) return text.empty();
    std::vector<std::uint32_t> here;
    std::vector<std::uint32_t> after;
    std::vector<std::size_t> seen(steps_.size(), 0);  // At which byte a step was reached last.
    std::vector<std::uint32_t> open;
    const auto reach = [&](std::uint32_t step, std::size_t byte, std::vector<std::uint32_t>& in) {
        open.assign(1, step);
        while (!open.empty()) {
            const std::uint32_t each = open.back();
            open.pop_back();
            if (std::exchange(seen[each], byte) == byte) continue;
            if (steps_[each].kind == Step::Kind::fork) {
                open.push_back(steps_[each].other);
                open.push_back(steps_[each].next);
            } else {
                in.push_back(each);
            }
        }
    };
    std::size_t byte = 1;
    reach(first_, byte, here);
    for (const char c : text) {
        ++byte;
        after.clear();
        for (const std::uint32_t each : here) {
            const Step& step = steps_[each];
            if (step.kind != Step::Kind::byte) continue;
            if (step.set.test(static_cast<unsigned char>(c))) reach(step.next, byte, after);
        }
        here.swap(after);
    }
    for (const std::uint32_t each : here) {
        if (steps_[each].kind == Step::Kind::end) return true;
    }
    return false;
}

}  // namespace offerkit::framework
