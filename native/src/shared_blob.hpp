// Bytes that Python hands over once and many consoles read.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace ngp {

using Bytes = std::vector<std::uint8_t>;

struct Blob {
  Bytes content;
};

using SharedBlob = std::shared_ptr<Blob>;

inline std::shared_ptr<const Bytes> content_of(const SharedBlob& blob) { return {blob, &blob->content}; }

}  // namespace ngp
