// What Python sees of the observations: pictures given as bytes take the same path as those of a running core.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "errors.hpp"
#include "observation.hpp"

namespace nb = nanobind;

namespace ngp {

namespace {

using Array = nb::ndarray<nb::numpy, std::uint8_t>;

template <typename Write>
Array new_array(std::initializer_list<std::size_t> shape, std::size_t size, Write write) {
  auto* data = new std::uint8_t[size];
  nb::capsule owner(data, [](void* pointer) noexcept { delete[] static_cast<std::uint8_t*>(pointer); });
  write(data);
  return Array(data, shape, owner);
}

ObservationSpec::Kind kind_named(const std::string& name) {
  if (name == "image") return ObservationSpec::Kind::kImage;
  if (name == "ram") return ObservationSpec::Kind::kRam;
  if (name == "none") return ObservationSpec::Kind::kNone;
  throw EngineError("There is no observation of kind " + name + "; there are image, ram and none.");
}

libretro::PixelFormat format_named(const std::string& name) {
  if (name == "0rgb1555") return libretro::PixelFormat::k0Rgb1555;
  if (name == "xrgb8888") return libretro::PixelFormat::kXrgb8888;
  if (name == "rgb565") return libretro::PixelFormat::kRgb565;
  throw EngineError("There is no pixel format " + name + "; there are 0rgb1555, xrgb8888 and rgb565.");
}

// An Observer of pictures and memory that Python holds.
class PictureObserver {
 public:
  PictureObserver(unsigned width, unsigned height, std::size_t pitch, const std::string& format, unsigned rotation,
                  const nb::bytes& memory)
      : rotation_(rotation % 4) {
    picture_.format = format_named(format);
    resize(width, height, pitch);
    note_memory(memory);
  }

  void resize(unsigned width, unsigned height, std::size_t pitch) {
    const std::size_t row_bytes = std::size_t{width} * (picture_.format == libretro::PixelFormat::kXrgb8888 ? 4 : 2);
    if (pitch < row_bytes) throw EngineError("A row's pitch is less than its pixels.");
    picture_.width = width;
    picture_.height = height;
    picture_.pitch = pitch;
    num_bytes_ = height == 0 ? 0 : pitch * (height - 1) + row_bytes;
  }

  void start(const ObservationSpec& spec) { observer_.emplace_back(spec, sight()); }

  void note_memory(const nb::bytes& memory) {
    memory_bytes_.assign(memory.c_str(), memory.c_str() + memory.size());
    const auto half = memory_bytes_.size() / 2;
    auto* data = reinterpret_cast<std::uint8_t*>(memory_bytes_.data());
    memory_ = {{0, half, data}, {half, memory_bytes_.size() - half, data + half}};
  }

  void look_at(const nb::bytes& pixels) {
    if (pixels.size() < num_bytes_) throw EngineError("There are fewer bytes than the picture has.");
    picture_.pixels = static_cast<const std::uint8_t*>(pixels.data());
  }

  Sight sight() const { return {picture_, rotation_, memory_}; }
  Observer& observer() { return observer_.front(); }

  Array written(void (Observer::*make)(const Sight&, std::uint8_t*)) {
    const Shape& shape = observer().shape();
    return new_array({shape.height, shape.width, shape.channels}, shape.size(),
                     [&](std::uint8_t* out) { (observer().*make)(sight(), out); });
  }

 private:
  Picture picture_;
  unsigned rotation_;
  std::size_t num_bytes_ = 0;
  std::vector<char> memory_bytes_;
  std::vector<MemoryBlock> memory_;
  std::vector<Observer> observer_;  // none or one
};

}  // namespace

void bind_observation(nb::module_& module) {
  using Four = std::tuple<unsigned, unsigned, unsigned, unsigned>;
  nb::class_<PictureObserver>(module, "PictureObserver", "Makes observations of pictures and memory given as bytes.")
      .def(
          "__init__",
          [](PictureObserver* self, unsigned width, unsigned height, std::size_t pitch, const std::string& format,
             unsigned rotation, const nb::bytes& memory, const std::string& kind, Four window, Four crop, bool gray,
             std::pair<unsigned, unsigned> size, unsigned stack, bool maximum) {
            ObservationSpec spec;
            spec.kind = kind_named(kind);
            const auto [x, y, window_width, window_height] = window;
            const auto [top, right, bottom, left] = crop;
            spec.window = {x, y, window_width, window_height};
            spec.crop = {top, right, bottom, left};
            spec.is_gray = gray;
            spec.height = size.first;
            spec.width = size.second;
            spec.stack = stack;
            spec.takes_maximum = maximum;
            new (self) PictureObserver(width, height, pitch, format, rotation, memory);
            self->start(spec);
          },
          nb::kw_only(), nb::arg("width"), nb::arg("height"), nb::arg("pitch"), nb::arg("format") = "rgb565",
          nb::arg("rotation") = 0, nb::arg("memory") = nb::bytes("", 0), nb::arg("kind") = "image",
          nb::arg("window") = Four{0, 0, 0, 0}, nb::arg("crop") = Four{0, 0, 0, 0}, nb::arg("gray") = false,
          nb::arg("size") = std::pair<unsigned, unsigned>{0, 0}, nb::arg("stack") = 1, nb::arg("maximum") = false,
          "`window` is (x, y, width, height), `crop` (top, right, bottom, left), `size` (height, width); 0 keeps all.")
      .def_prop_ro("shape",
                   [](PictureObserver& self) {
                     const Shape& shape = self.observer().shape();
                     return std::tuple(shape.height, shape.width, shape.channels);
                   })
      .def_prop_ro("num_frames_drawn", [](PictureObserver& self) { return self.observer().num_frames_drawn(); })
      .def("begin",
           [](PictureObserver& self, const nb::bytes& pixels) {
             self.look_at(pixels);
             return self.written(&Observer::begin);
           })
      .def("observe",
           [](PictureObserver& self, const nb::bytes& pixels) {
             self.look_at(pixels);
             return self.written(&Observer::observe);
           })
      .def("note_previous",
           [](PictureObserver& self, const nb::bytes& pixels) {
             self.look_at(pixels);
             self.observer().note_previous(self.sight());
           })
      .def("note_memory", &PictureObserver::note_memory)
      .def("resize", &PictureObserver::resize, nb::arg("width"), nb::arg("height"), nb::arg("pitch"),
           "The pictures that follow are of another size.")
      .def(
          "screen",
          [](PictureObserver& self, const nb::bytes& pixels, Four window) {
            self.look_at(pixels);
            const auto [x, y, width, height] = window;
            std::size_t num_rows = 0, num_columns = 0;
            const auto screen = Observer::screen(self.sight(), {x, y, width, height}, &num_rows, &num_columns);
            return new_array({num_rows, num_columns, 3}, screen.size(), [&](std::uint8_t* out) {
              std::copy(screen.begin(), screen.end(), out);
            });
          },
          nb::arg("pixels"), nb::arg("window") = Four{0, 0, 0, 0})
      .def("frames",
           [](PictureObserver& self) {
             const auto& frames = self.observer().frames();
             return nb::bytes(reinterpret_cast<const char*>(frames.data()), frames.size());
           })
      .def("restore", [](PictureObserver& self, const nb::bytes& frames) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(frames.c_str());
        self.observer().restore({data, data + frames.size()});
      });
}

}  // namespace ngp
