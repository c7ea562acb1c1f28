// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Resources as people write them: "cpus:1.5;mem:512;ports:[31000-32000];licenses:12;zones:{a,b}".
/// Amounts are in display units (cpus, MiB, gpus) with up to three decimals; gpus may be given per
/// card, "gpus:(1,0.5)", and beyond them on no card in particular, "gpus:(1,0.5)+2". Both ways are
/// strict: nothing is rounded, merged or left out in silence.

#include <offerkit/core/config.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace offerkit {

/// Reads resources in portable form; the empty text is no resources. Blanks may stand around `;`
/// and, inside brackets, around `,`. Refuses: `malformed` for what does not follow the format, a
/// bad name included; `invalid` for a kind or item that comes twice or is not of its kind's form;
/// `too_large` beyond a limit, `units_max` among them.
[[nodiscard]] Result<Resources> parse_resources(
    std::string_view text, std::int64_t units_max = limits::amount_per_agent_max);

/// Canonical text: kinds in the order of their slots, then named amounts, ranges and sets, each by
/// name, then bundles. Without bundles `parse_resources` reads it back; a bundle is shown as
/// "b1-2(eng/dev){mem:512}" and can only be made by an operation.
/// Pre: portable form (`KindTable::unbind`).
[[nodiscard]] std::string format_resources(const Resources& resources);

/// Reads "1.5" as 1500. Refuses: `malformed`, also beyond three decimals; `too_large` beyond
/// `units_max` thousandths.
[[nodiscard]] Result<std::int64_t> parse_amount(
    std::string_view text, std::int64_t units_max = limits::amount_per_agent_max);

/// 1500 as "1.5". Differences may be negative: -500 as "-0.5".
[[nodiscard]] std::string format_amount(std::int64_t thousandths);

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/resources/impl/text.ipp>
#endif
