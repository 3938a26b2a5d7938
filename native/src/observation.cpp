#include "observation.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "errors.hpp"
#include "gray.hpp"
#include "widest.hpp"

namespace ngp {

using libretro::PixelFormat;

namespace {

std::size_t bytes_per_pixel(PixelFormat format) { return format == PixelFormat::kXrgb8888 ? 4 : 2; }

template <typename Format>
struct ColourRow {
  static NGP_INLINE void run(const std::uint8_t* now, const std::uint8_t* before, std::size_t count,
                             std::uint8_t* __restrict out) {
    for (std::size_t x = 0; x < count; ++x) {
      Colour colour = colour_at<Format>(now, x);
      if (before != nullptr) colour = brighter(colour, colour_at<Format>(before, x));
      out[3 * x] = static_cast<std::uint8_t>(colour.red);
      out[3 * x + 1] = static_cast<std::uint8_t>(colour.green);
      out[3 * x + 2] = static_cast<std::uint8_t>(colour.blue);
    }
  }
};

template <typename Format>
void convert_row(bool is_gray, const std::uint8_t* now, const std::uint8_t* before, std::size_t count,
                 std::uint8_t* out) {
  if (is_gray) {
    gray_row<Format>(now, before, count, out);
  } else {
    run_widest<ColourRow<Format>>(now, before, count, out);
  }
}

using ConvertRow = void (*)(bool is_gray, const std::uint8_t* now, const std::uint8_t* before, std::size_t count,
                            std::uint8_t* out);

ConvertRow converter_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::kRgb565: return convert_row<Rgb565>;
    case PixelFormat::kXrgb8888: return convert_row<Xrgb8888>;
    default: return convert_row<Rgb1555>;
  }
}

const std::uint8_t* pixel_at(const Picture& picture, std::size_t x, std::size_t y) {
  return picture.pixels + y * picture.pitch + x * bytes_per_pixel(picture.format);
}

// Four bytes per pixel, the newest in the last place.
struct PushByteOfFour {
  static NGP_INLINE void run(const std::uint8_t* frame, std::size_t num_items, std::uint8_t* __restrict stack) {
    for (std::size_t index = 0; index < num_items; ++index) {
      std::uint32_t pixel;
      std::memcpy(&pixel, stack + 4 * index, 4);
      pixel = pixel >> 8 | static_cast<std::uint32_t>(frame[index]) << 24;
      std::memcpy(stack + 4 * index, &pixel, 4);
    }
  }
};

// Appends one item to each pixel's stack and drops its oldest.
void push(const std::vector<std::uint8_t>& frame, std::size_t item, std::vector<std::uint8_t>& stack) {
  const std::size_t num_items = frame.size() / item, stride = stack.size() / num_items;
  if (item == 1 && stride == 4) return run_widest<PushByteOfFour>(frame.data(), num_items, stack.data());
  if (stride == item) {
    std::memcpy(stack.data(), frame.data(), frame.size());
    return;
  }
  // All move up by one item at once; what thereby crosses from one pixel to the one before is overwritten.
  std::memmove(stack.data(), stack.data() + item, stack.size() - item);
  const std::uint8_t* source = frame.data();
  std::uint8_t* newest = stack.data() + stride - item;
  if (item == 3) {
    for (std::size_t index = 0; index < num_items; ++index) std::memcpy(newest + index * stride, source + 3 * index, 3);
  } else {
    for (std::size_t index = 0; index < num_items; ++index) {
      std::memcpy(newest + index * stride, source + index * item, item);
    }
  }
}

Resizer::Size upright_size(const Picture& picture, unsigned rotation) {
  return rotation % 2 == 0 ? Resizer::Size{picture.height, picture.width} : Resizer::Size{picture.width, picture.height};
}

bool are_equal(const Resizer::Size& one, const Resizer::Size& other) {
  return one.height == other.height && one.width == other.width;
}

// A picture of `pixels`, made of red, green and blue.
Picture packed(const std::vector<std::uint8_t>& colours, const Resizer::Size& size,
               std::vector<std::uint32_t>& pixels) {
  pixels.resize(size.height * size.width);
  for (std::size_t index = 0; index < pixels.size(); ++index) {
    const std::uint8_t* const colour = colours.data() + 3 * index;
    pixels[index] = std::uint32_t{colour[0]} << 16 | std::uint32_t{colour[1]} << 8 | colour[2];
  }
  return {reinterpret_cast<const std::uint8_t*>(pixels.data()), static_cast<unsigned>(size.width),
          static_cast<unsigned>(size.height), size.width * sizeof pixels[0], PixelFormat::kXrgb8888};
}

}  // namespace

Observer::Observer(const ObservationSpec& spec, const Sight& sight) : spec_(spec) {
  first_ = upright_size(sight.picture, sight.rotation);
  if (spec.stack == 0) throw EngineError("A stack holds at least 1 observation, not 0.");
  if (spec.kind == ObservationSpec::Kind::kImage) {
    const Area window = windowed(sight.picture, spec.window);
    const std::size_t height = sight.rotation % 2 == 0 ? window.height : window.width;
    const std::size_t width = sight.rotation % 2 == 0 ? window.width : window.height;
    const Crop& crop = spec.crop;
    if (std::size_t{crop.top} + crop.bottom >= height || std::size_t{crop.left} + crop.right >= width) {
      throw EngineError("The crop leaves nothing of a picture of " + std::to_string(height) + " x " +
                        std::to_string(width) + " pixels.");
    }
    num_rows_ = spec.height != 0 ? spec.height : (height - crop.top - crop.bottom) / spec.shrink;
    num_columns_ = spec.width != 0 ? spec.width : (width - crop.left - crop.right) / spec.shrink;
    if (num_rows_ == 0 || num_columns_ == 0) {
      throw EngineError("A picture of " + std::to_string(height) + " x " + std::to_string(width) +
                        " pixels cannot be divided by " + std::to_string(spec.shrink) + ".");
    }
    item_ = spec.is_gray ? 1 : 3;
    shape_ = {num_rows_, num_columns_, item_ * spec.stack};
    frame_.resize(num_rows_ * num_columns_ * item_);
  } else {
    std::size_t num_bytes = 0;
    if (spec.kind == ObservationSpec::Kind::kRam) {
      for (const MemoryBlock& block : sight.memory) num_bytes += block.size;
    }
    item_ = std::max<std::size_t>(num_bytes, 1);
    shape_ = {1, num_bytes * spec.stack, 1};
    frame_.resize(num_bytes);
  }
  stack_.resize(shape_.size());
}

unsigned Observer::num_frames_drawn() const {
  if (spec_.kind != ObservationSpec::Kind::kImage) return 0;
  return spec_.takes_maximum ? 2 : 1;
}

void Observer::note_previous(const Sight& sight) {
  if (num_frames_drawn() != 2 || sight.picture.pixels == nullptr) return;
  const Picture picture = fitted(sight);
  previous_area_ = area_of({picture, sight.rotation, sight.memory});
  previous_format_ = picture.format;
  const std::size_t row_bytes = previous_area_.width * bytes_per_pixel(picture.format);
  previous_.resize(previous_area_.height * row_bytes);
  for (std::size_t y = 0; y < previous_area_.height; ++y) {
    std::memcpy(previous_.data() + y * row_bytes, pixel_at(picture, previous_area_.x, previous_area_.y + y), row_bytes);
  }
  has_previous_ = true;
}

void Observer::begin(const Sight& sight, std::uint8_t* out) {
  has_previous_ = false;
  see(sight);
  if (stack_.empty()) return;
  std::uint8_t* pixel = stack_.data();
  for (std::size_t index = 0; index < frame_.size(); index += item_) {
    for (unsigned place = 0; place < spec_.stack; ++place, pixel += item_) {
      std::memcpy(pixel, frame_.data() + index, item_);
    }
  }
  std::memcpy(out, stack_.data(), stack_.size());
}

void Observer::observe(const Sight& sight, std::uint8_t* out) {
  see(sight);
  has_previous_ = false;
  if (stack_.empty()) return;
  push(frame_, item_, stack_);
  std::memcpy(out, stack_.data(), stack_.size());
}

std::vector<std::uint8_t> Observer::screen(const Sight& sight, std::size_t* height, std::size_t* width) {
  const Picture picture = fitted(sight);
  return screen({picture, sight.rotation, sight.memory}, spec_.window, height, width);
}

std::vector<std::uint8_t> Observer::screen(const Sight& sight, const Window& window, std::size_t* height,
                                           std::size_t* width) {
  const Area area = windowed(sight.picture, window);
  *height = sight.rotation % 2 == 0 ? area.height : area.width;
  *width = sight.rotation % 2 == 0 ? area.width : area.height;
  std::vector<std::uint8_t> straight(area.size() * 3);
  if (sight.picture.pixels == nullptr) return straight;
  convert(sight.picture, area, nullptr, false, straight.data());
  if (sight.rotation == 0) return straight;
  std::vector<std::uint8_t> upright(straight.size());
  turn(straight.data(), area, sight.rotation, 3, upright.data());
  return upright;
}

void Observer::restore(const std::vector<std::uint8_t>& frames) {
  if (frames.size() != stack_.size()) {
    throw EngineError("A stack of " + std::to_string(frames.size()) + " bytes does not fit observations of " +
                      std::to_string(stack_.size()) + "; the snapshot was made with another observation.");
  }
  stack_ = frames;
  has_previous_ = false;
}

Observer::Area Observer::windowed(const Picture& picture, const Window& window) {
  const auto extent = [](std::size_t begin, std::size_t length, std::size_t all) {
    const std::size_t end = length == 0 || begin + length > all ? all : begin + length;
    return end > begin ? end - begin : 0;
  };
  return {window.x, window.y, extent(window.x, window.width, picture.width),
          extent(window.y, window.height, picture.height)};
}

// The part of the picture that is left by window and crop, as the core drew it.
Observer::Area Observer::area_of(const Sight& sight) const {
  const Area window = windowed(sight.picture, spec_.window);
  const bool is_upright = sight.rotation % 2 == 0;
  const std::size_t all_rows = is_upright ? window.height : window.width;
  const std::size_t all_columns = is_upright ? window.width : window.height;
  const Crop& crop = spec_.crop;
  const std::size_t bottom = all_rows - std::min<std::size_t>(crop.bottom, all_rows);
  const std::size_t right = all_columns - std::min<std::size_t>(crop.right, all_columns);
  const std::size_t top = std::min<std::size_t>(crop.top, bottom), left = std::min<std::size_t>(crop.left, right);
  const std::size_t num_rows = bottom - top, num_columns = right - left;
  switch (sight.rotation) {
    case 1: return {window.x + all_rows - bottom, window.y + left, num_rows, num_columns};
    case 2: return {window.x + all_columns - right, window.y + all_rows - bottom, num_columns, num_rows};
    case 3: return {window.x + top, window.y + all_columns - right, num_rows, num_columns};
    default: return {window.x + left, window.y + top, num_columns, num_rows};
  }
}

// Makes the buffers for pictures of this size, unless they are there.
void Observer::prepare(const Area& area, unsigned rotation) {
  if (area == area_ && rotation == rotation_) return;
  area_ = area;
  rotation_ = rotation;
  straight_.resize(area.size() * item_);
  upright_.resize(rotation == 0 ? 0 : straight_.size());
  const bool is_upright = rotation % 2 == 0;
  const Resizer::Size seen{is_upright ? area.height : area.width, is_upright ? area.width : area.height};
  const bool is_same = seen.height == num_rows_ && seen.width == num_columns_;
  if (!is_same && area.size() != 0) resizer_ = Resizer(seen, {num_rows_, num_columns_}, item_);
}

void Observer::see(const Sight& sight) {
  if (spec_.kind == ObservationSpec::Kind::kImage) {
    see_picture(sight);
  } else if (spec_.kind == ObservationSpec::Kind::kRam) {
    std::size_t place = 0;
    for (const MemoryBlock& block : sight.memory) {
      const std::size_t count = std::min(block.size, frame_.size() - place);
      if (count != 0) std::memcpy(frame_.data() + place, block.data, count);
      place += count;
    }
  }
}

// A picture of the first one's size: the console's own, or one that is resampled.
Picture Observer::fitted(const Sight& sight) {
  const Picture& picture = sight.picture;
  const std::size_t num_pixels = std::size_t{picture.width} * picture.height;
  const bool is_fit = first_.height * first_.width == 0 || are_equal(upright_size(picture, sight.rotation), first_);
  if (picture.pixels == nullptr || num_pixels == 0 || is_fit) {
    return picture;
  }
  const Resizer::Size from{picture.height, picture.width};
  const Resizer::Size to = sight.rotation % 2 == 0 ? first_ : Resizer::Size{first_.width, first_.height};
  if (!are_equal(from, fitted_from_) || !are_equal(to, fitted_to_)) fitter_ = Resizer(from, to, 3);
  fitted_from_ = from;
  fitted_to_ = to;
  unfitted_.resize(num_pixels * 3);
  convert(picture, {0, 0, picture.width, picture.height}, nullptr, false, unfitted_.data());
  fitted_.resize(to.height * to.width * 3);
  fitter_.run(unfitted_.data(), fitted_.data());
  return packed(fitted_, to, fitted_pixels_);
}

// After a change of size one of a step's last two pictures may have been resampled: both get its pixel format.
Picture Observer::matched(const Picture& picture) {
  const auto in_colours = [this](const Picture& other, std::vector<std::uint32_t>& pixels) {
    unfitted_.resize(std::size_t{other.width} * other.height * 3);
    convert(other, {0, 0, other.width, other.height}, nullptr, false, unfitted_.data());
    return packed(unfitted_, {other.height, other.width}, pixels);
  };
  if (previous_format_ == PixelFormat::kXrgb8888) return in_colours(picture, fitted_pixels_);
  std::vector<std::uint32_t> pixels;
  const Picture before =
      in_colours({previous_.data(), static_cast<unsigned>(previous_area_.width),
                  static_cast<unsigned>(previous_area_.height),
                  previous_area_.width * bytes_per_pixel(previous_format_), previous_format_}, pixels);
  previous_.assign(before.pixels, before.pixels + before.pitch * before.height);
  previous_format_ = before.format;
  return picture;
}

void Observer::see_picture(const Sight& sight) {
  Picture picture = fitted(sight);
  if (has_previous_ && picture.pixels != nullptr && previous_format_ != picture.format) picture = matched(picture);
  see_fitted({picture, sight.rotation, sight.memory});
}

void Observer::see_fitted(const Sight& sight) {
  const Area area = area_of(sight);
  prepare(area, sight.rotation);
  if (sight.picture.pixels == nullptr || area.size() == 0) {
    std::fill(frame_.begin(), frame_.end(), std::uint8_t{0});
    return;
  }
  const bool is_maximum = has_previous_ && previous_area_ == area && previous_format_ == sight.picture.format;
  convert(sight.picture, area, is_maximum ? previous_.data() : nullptr, spec_.is_gray, straight_.data());
  if (sight.rotation != 0) turn(straight_.data(), area, sight.rotation, item_, upright_.data());
  std::vector<std::uint8_t>& upright = sight.rotation != 0 ? upright_ : straight_;
  const std::size_t height = sight.rotation % 2 == 0 ? area.height : area.width;
  const std::size_t width = sight.rotation % 2 == 0 ? area.width : area.height;
  if (height == num_rows_ && width == num_columns_) {
    frame_.swap(upright);
  } else {
    resizer_.run(upright.data(), frame_.data());
  }
}

void Observer::convert(const Picture& picture, const Area& area, const std::uint8_t* previous, bool is_gray,
                       std::uint8_t* out) {
  const ConvertRow convert_row = converter_of(picture.format);
  const std::size_t previous_bytes = area.width * bytes_per_pixel(picture.format);
  const std::size_t out_bytes = area.width * (is_gray ? 1 : 3);
  for (std::size_t y = 0; y < area.height; ++y, out += out_bytes) {
    convert_row(is_gray, pixel_at(picture, area.x, area.y + y), previous, area.width, out);
    if (previous != nullptr) previous += previous_bytes;
  }
}

// Quarter turns against the clock, as numpy.rot90 makes them.
void Observer::turn(const std::uint8_t* source, const Area& area, unsigned rotation, std::size_t channels,
                    std::uint8_t* out) {
  const std::size_t height = rotation % 2 == 0 ? area.height : area.width;
  const std::size_t width = rotation % 2 == 0 ? area.width : area.height;
  for (std::size_t row = 0; row < height; ++row) {
    for (std::size_t column = 0; column < width; ++column, out += channels) {
      std::size_t x = column, y = row;
      if (rotation == 1) x = area.width - 1 - row, y = column;
      if (rotation == 2) x = area.width - 1 - column, y = area.height - 1 - row;
      if (rotation == 3) x = row, y = area.height - 1 - column;
      std::memcpy(out, source + (y * area.width + x) * channels, channels);
    }
  }
}

}  // namespace ngp
