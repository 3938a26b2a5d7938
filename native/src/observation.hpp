// From a core's picture to what an agent sees, written once into the batch: colour, crop, gray, area resize, stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core.hpp"
#include "resize.hpp"

namespace ngp {

// Pixels cut off at each side.
struct Crop {
  unsigned top = 0, right = 0, bottom = 0, left = 0;
};

// The rectangle that a scenario shows, as stable-retro's `crop` gives it: of the picture before it is turned upright. A
// width or height of 0, or one that reaches beyond the picture, means all that is left.
struct Window {
  unsigned x = 0, y = 0, width = 0, height = 0;
};

struct ObservationSpec {
  enum class Kind { kImage, kRam, kNone } kind = Kind::kImage;
  Window window;        // applied first
  Crop crop;            // then this, of the picture turned upright
  bool is_gray = false;
  unsigned height = 0;  // 0 keeps the size
  unsigned width = 0;
  unsigned shrink = 1;  // divides a height and width that are kept, rounded down
  unsigned stack = 1;   // how many are kept, along the last axis, oldest first
  // Each pixel is the greater of the last two frames in each of red, green and blue, before gray and resize.
  bool takes_maximum = false;
};

// Rows, columns and channels of one observation, stack included; RAM and nothing have one row.
struct Shape {
  std::size_t height, width, channels;
  std::size_t size() const { return height * width * channels; }
};

// What there is to be seen of a console at a moment.
struct Sight {
  Sight(const Core& core) : picture(core.picture()), rotation(core.rotation()), memory(core.memory()) {}  // NOLINT
  Sight(const Picture& picture, unsigned rotation, const std::vector<MemoryBlock>& memory)
      : picture(picture), rotation(rotation), memory(memory) {}

  const Picture& picture;
  unsigned rotation;  // quarter turns against the clock that set the picture upright
  const std::vector<MemoryBlock>& memory;
};

// Makes one console's observations.
//
// A console may change the size of its picture within an episode. The new pictures are first resampled by area to the
// size of the first one, as a television shows all of them in the same frame.
class Observer {
 public:
  // `sight` is that of a frame that has run: it fixes the size of all that follow. Throws EngineError: nothing is left
  // by the crop, the stack is empty.
  Observer(const ObservationSpec& spec, const Sight& sight);

  const Shape& shape() const { return shape_; }
  // How many of a step's last frames must be drawn: 0 when nobody looks, 2 when the maximum is taken.
  unsigned num_frames_drawn() const;

  // For `takes_maximum`: notes the frame before the last, for the next observation alone.
  void note_previous(const Sight& sight);
  // Begins an episode: all of the stack is the present picture.
  void begin(const Sight& sight, std::uint8_t* out);
  // Moves the stack on by one picture and writes it to `out` (`shape().size()` bytes).
  void observe(const Sight& sight, std::uint8_t* out);
  // The present picture in colour without crop, resize or stack, but of the first one's size and cut to the window:
  // uint8 [height, width, 3].
  std::vector<std::uint8_t> screen(const Sight& sight, std::size_t* height, std::size_t* width);
  // The same of a picture of any size.
  static std::vector<std::uint8_t> screen(const Sight& sight, const Window& window, std::size_t* height,
                                          std::size_t* width);

  // The last observation, which is the whole stack; part of a snapshot.
  const std::vector<std::uint8_t>& frames() const { return stack_; }
  // Throws EngineError when `frames` are not of this size.
  void restore(const std::vector<std::uint8_t>& frames);

 private:
  // A rectangle of a picture.
  struct Area {
    std::size_t x = 0, y = 0, width = 0, height = 0;
    std::size_t size() const { return width * height; }
    bool operator==(const Area& other) const {
      return x == other.x && y == other.y && width == other.width && height == other.height;
    }
  };

  static Area windowed(const Picture& picture, const Window& window);
  static void convert(const Picture& picture, const Area& area, const std::uint8_t* previous, bool is_gray,
                      std::uint8_t* out);
  static void turn(const std::uint8_t* source, const Area& area, unsigned rotation, std::size_t channels,
                   std::uint8_t* out);

  Area area_of(const Sight& sight) const;
  void prepare(const Area& area, unsigned rotation);
  void see(const Sight& sight);
  void see_picture(const Sight& sight);
  void see_fitted(const Sight& sight);
  Picture fitted(const Sight& sight);
  Picture matched(const Picture& picture);

  ObservationSpec spec_;
  Shape shape_{};
  std::size_t item_ = 1;                  // bytes of a pixel of one observation; of RAM, all of them
  Resizer::Size first_{};                 // of the first picture, upright
  std::size_t num_rows_ = 0, num_columns_ = 0;  // of one observation
  Area area_;                             // what the buffers are made for
  unsigned rotation_ = 0;
  Resizer resizer_;
  Resizer::Size fitted_from_{}, fitted_to_{};
  Resizer fitter_;                        // for pictures of another size than the first
  std::vector<std::uint8_t> unfitted_;    // in colour
  std::vector<std::uint8_t> fitted_;      // in colour
  std::vector<std::uint32_t> fitted_pixels_;
  std::vector<std::uint8_t> straight_;    // as the core drew it
  std::vector<std::uint8_t> upright_;     // turned
  std::vector<std::uint8_t> frame_;       // one observation without stack
  std::vector<std::uint8_t> stack_;       // the observation: pixels of `stack` items, oldest first
  std::vector<std::uint8_t> previous_;    // pixels of the frame before the last, as the core drew them
  Area previous_area_;
  libretro::PixelFormat previous_format_ = libretro::PixelFormat::k0Rgb1555;
  bool has_previous_ = false;
};

}  // namespace ngp
