// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The jobs that may start now, by what they take: an offer is filled without a search through all
/// of them. Jobs of one file mostly take one of a few amounts.

#include <offerkit/core/assert.hpp>
#include <offerkit/resources/resources.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace offerkit::tools {

class ReadyQueue {
public:
    using Job = std::uint32_t;

    /// How many different amounts are tried on what is left of an offer: bounded, so that a million
    /// jobs that all differ do not make each offer a search through all of them.
    static constexpr std::size_t lookahead = 256;

    /// A new kind of amount. Returns its number.
    std::uint32_t add_shape(const Resources& resources) {
        shapes_.push_back({resources, {}});
        return static_cast<std::uint32_t>(shapes_.size() - 1);
    }

    /// `job` may start. Jobs of lower numbers go first. Complexity: logarithmic.
    void push(Job job, std::uint32_t shape) {
        OFFERKIT_ASSERT(shape < shapes_.size());
        std::vector<Job>& jobs = shapes_[shape].jobs;
        if (!jobs.empty() && jobs.front() > job) heads_.erase({jobs.front(), shape});
        const bool leads = jobs.empty() || jobs.front() > job;
        jobs.push_back(job);
        std::ranges::push_heap(jobs, std::greater{});
        if (leads) heads_.insert({job, shape});
        ++size_;
    }

    /// Hands `take` one job after the other that fits into what the others have left of
    /// `resources`, until it says false or nothing fits. Returns how many it took.
    template <class Take>
    std::size_t fill(Resources left, Take&& take) {
        std::size_t taken = 0;
        std::size_t tried = 0;
        auto at = heads_.begin();
        while (at != heads_.end() && tried < lookahead) {
            const auto [job, number] = *at;
            Shape& shape = shapes_[number];
            if (!left.contains(shape.resources)) {
                ++at;
                ++tried;
                continue;
            }
            if (!take(job)) break;
            ++taken;
            left -= shape.resources;
            at = heads_.erase(at);
            std::ranges::pop_heap(shape.jobs, std::greater{});
            shape.jobs.pop_back();
            --size_;
            if (shape.jobs.empty()) continue;
            // The next of its kind comes after it, and perhaps before the one we look at.
            const auto next = heads_.insert({shape.jobs.front(), number}).first;
            if (at == heads_.end() || *next < *at) at = next;
        }
        return taken;
    }

    /// The first in their order. Pre: there is one.
    [[nodiscard]] Job first() const {
        OFFERKIT_ASSERT(!heads_.empty());
        return heads_.begin()->first;
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

private:
    struct Shape {
        Resources resources;
        std::vector<Job> jobs;  // A heap, the lowest first.
    };

    std::vector<Shape> shapes_;
    std::set<std::pair<Job, std::uint32_t>> heads_;  // The first of each kind that has any.
    std::size_t size_ = 0;
};

}  // namespace offerkit::tools
