#pragma once

/// \file
/// SegmentConfig: policy of one segment.

#include <string>

namespace alloquy::segment {

/// Policy of one segment.
struct SegmentConfig {
    std::string name;       ///< As in `in segment "name"`.
    std::string condition;  ///< In the segment language; without parameters.

    friend bool operator==(const SegmentConfig&, const SegmentConfig&) = default;
};

}  // namespace alloquy::segment
