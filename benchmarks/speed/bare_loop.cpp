// The least that a batch of consoles costs: private copies of a libretro core, threads, gray pictures, nothing else.
//
// No judging, no stack, no random numbers, no waiting for the slowest of a batch: each thread runs its own consoles to
// the end. Compiled and called by benchmarks/bare.py.
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr unsigned kGetCanDupe = 3, kGetSystemDirectory = 9, kSetPixelFormat = 10, kGetVariable = 15,
                   kSetVariables = 16, kGetVariableUpdate = 17, kGetLogInterface = 27, kGetSaveDirectory = 31,
                   kSetAudioBufferStatusCallback = 62;
constexpr unsigned kXrgb8888 = 1, kJoypadMask = 256;
constexpr unsigned kSide = 84, kMaxWidth = 1024;

struct Variable {
  const char* key;
  const char* value;
};

struct GameInfo {
  const char* path;
  const void* data;
  std::size_t size;
  const char* meta;
};

using Bytes = std::vector<char>;
using Options = std::map<std::string, std::string>;

void ignore_log(int, const char*, ...) {}

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Console {
 public:
  Console(const Bytes& core, const std::string& rom_path, const Bytes& rom, const Bytes& state, const Options& options)
      : options_(options), state_(state) {
    open_copy(core);
    current = this;
    find<void (*)(bool (*)(unsigned, void*))>("retro_set_environment")(on_environment);
    find<void (*)(void (*)(const void*, unsigned, unsigned, std::size_t))>("retro_set_video_refresh")(on_video);
    find<void (*)(void (*)(std::int16_t, std::int16_t))>("retro_set_audio_sample")([](std::int16_t, std::int16_t) {});
    find<void (*)(std::size_t (*)(const std::int16_t*, std::size_t))>("retro_set_audio_sample_batch")(
        [](const std::int16_t*, std::size_t count) { return count; });
    find<void (*)(void (*)())>("retro_set_input_poll")([] {});
    find<void (*)(std::int16_t (*)(unsigned, unsigned, unsigned, unsigned))>("retro_set_input_state")(on_input);
    find<void (*)()>("retro_init")();
    const GameInfo game{rom_path.c_str(), rom.data(), rom.size(), nullptr};
    const bool is_taken = find<bool (*)(const GameInfo*)>("retro_load_game")(&game);
    if (!is_taken) throw std::runtime_error("the core refuses the ROM");
    run_ = find<void (*)()>("retro_run");
    unserialize_ = find<bool (*)(const void*, std::size_t)>("retro_unserialize");
    run_();
  }

  void reset() {
    current = this;
    mask_ = 0;
    if (!unserialize_(state_.data(), state_.size())) throw std::runtime_error("the core refuses the state");
    run_();
  }

  // Holds `mask` for some frames, of which only the last is drawn where the core allows it.
  void step(std::uint16_t mask, unsigned num_frames) {
    current = this;
    mask_ = mask;
    for (unsigned frame = 1; frame <= num_frames; ++frame) {
      if (buffer_status_ != nullptr) buffer_status_(true, 0, frame < num_frames);
      run_();
    }
    shrink();
  }

 private:
  // The descriptor stays open: the loader takes a path that it has seen before for the same library.
  void open_copy(const Bytes& core) {
    const int descriptor = ::memfd_create("bare-core", MFD_CLOEXEC);
    if (descriptor < 0 || ::write(descriptor, core.data(), core.size()) != static_cast<ssize_t>(core.size())) {
      throw std::runtime_error("no room for another copy of the core");
    }
    library_ = ::dlopen(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) throw std::runtime_error(::dlerror());
  }

  template <typename Function>
  Function find(const char* name) {
    void* const address = ::dlsym(library_, name);
    if (address == nullptr) throw std::runtime_error(std::string("the core has no ") + name);
    return reinterpret_cast<Function>(address);
  }

  bool environment(unsigned command, void* data) {
    switch (command) {
      case kSetPixelFormat: format_ = *static_cast<unsigned*>(data); return true;
      case kGetSystemDirectory:
      case kGetSaveDirectory: *static_cast<const char**>(data) = "/tmp"; return true;
      case kGetLogInterface: *static_cast<void (**)(int, const char*, ...)>(data) = ignore_log; return true;
      case kSetVariables: return true;
      case kGetVariableUpdate: *static_cast<bool*>(data) = false; return true;
      case kGetCanDupe: *static_cast<bool*>(data) = true; return true;
      case kGetVariable: return answer(*static_cast<Variable*>(data));
      case kSetAudioBufferStatusCallback:
        if (data != nullptr) buffer_status_ = *static_cast<void (**)(bool, unsigned, bool)>(data);
        return true;
      default: return false;
    }
  }

  // An option that is not chosen keeps what the core left there, as stable-retro and our engine have it.
  bool answer(Variable& variable) const {
    const auto found = options_.find(variable.key);
    if (found == options_.end()) return false;
    variable.value = found->second.c_str();
    return true;
  }

  // Gray, then the mean of the pixels under each of 84 x 84 squares, in whole pixels.
  void shrink() {
    if (pixels_ == nullptr || width_ > kMaxWidth) return;
    for (unsigned y = 0; y < kSide; ++y) {
      const unsigned first = y * height_ / kSide, last = (y + 1) * height_ / kSide;
      std::uint32_t column[kMaxWidth] = {};
      for (unsigned row = first; row < last; ++row) add_gray(pixels_ + row * pitch_, column);
      for (unsigned x = 0; x < kSide; ++x) {
        const unsigned left = x * width_ / kSide, right = (x + 1) * width_ / kSide;
        std::uint32_t sum = 0;
        for (unsigned at = left; at < right; ++at) sum += column[at];
        picture_[y * kSide + x] = static_cast<std::uint8_t>(sum / ((right - left) * (last - first)) >> 8);
      }
    }
  }

  void add_gray(const std::uint8_t* row, std::uint32_t* column) const {
    if (format_ == kXrgb8888) {
      const auto* pixels = reinterpret_cast<const std::uint32_t*>(row);
      for (unsigned x = 0; x < width_; ++x) {
        column[x] += (pixels[x] >> 16 & 255) * 77 + (pixels[x] >> 8 & 255) * 150 + (pixels[x] & 255) * 29;
      }
    } else {
      const auto* pixels = reinterpret_cast<const std::uint16_t*>(row);
      for (unsigned x = 0; x < width_; ++x) {
        column[x] += (pixels[x] >> 8 & 0xF8u) * 77 + (pixels[x] >> 3 & 0xFCu) * 150 + (pixels[x] << 3 & 0xF8u) * 29;
      }
    }
  }

  static bool on_environment(unsigned command, void* data) { return current->environment(command, data); }
  static void on_video(const void* pixels, unsigned width, unsigned height, std::size_t pitch) {
    if (pixels == nullptr) return;
    current->pixels_ = static_cast<const std::uint8_t*>(pixels);
    current->width_ = width;
    current->height_ = height;
    current->pitch_ = pitch;
  }
  static std::int16_t on_input(unsigned port, unsigned, unsigned, unsigned button) {
    if (port != 0) return 0;
    if (button == kJoypadMask) return static_cast<std::int16_t>(current->mask_);
    return button < 16 ? static_cast<std::int16_t>(current->mask_ >> button & 1) : 0;
  }

  static thread_local Console* current;

  Options options_;
  const Bytes& state_;
  void* library_ = nullptr;
  void (*run_)() = nullptr;
  bool (*unserialize_)(const void*, std::size_t) = nullptr;
  void (*buffer_status_)(bool, unsigned, bool) = nullptr;
  unsigned format_ = 0, width_ = 0, height_ = 0;
  const std::uint8_t* pixels_ = nullptr;
  std::size_t pitch_ = 0;
  std::uint16_t mask_ = 0;
  std::uint8_t picture_[kSide * kSide] = {};
};

thread_local Console* Console::current = nullptr;

struct Loop {
  Bytes rom, state;
  std::deque<Console> consoles;
  unsigned num_threads = 1;
};

std::unique_ptr<Loop> loop;
std::string failure;

}  // namespace

// Makes the consoles; `options` is a line "key=value" per core option. Returns an error, or an empty text.
extern "C" const char* bare_open(const char* core_path, const char* rom_path, const char* state_path,
                                 const char* options, unsigned num_consoles, unsigned num_threads) {
  try {
    loop = std::make_unique<Loop>();
    loop->rom = read_file(rom_path);
    loop->state = read_file(state_path);
    loop->num_threads = num_threads;
    Options wanted;
    std::istringstream lines(options);
    for (std::string line; std::getline(lines, line);) {
      wanted[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    }
    const Bytes core = read_file(core_path);
    for (unsigned index = 0; index < num_consoles; ++index) {
      loop->consoles.emplace_back(core, rom_path, loop->rom, loop->state, wanted);
    }
    failure.clear();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  return failure.c_str();
}

// Every console begins at the state and takes `num_steps` steps; `masks` is [steps, consoles].
extern "C" void bare_run(const std::uint16_t* masks, unsigned num_steps, unsigned num_frames) {
  const std::size_t count = loop->consoles.size();
  const auto work = [&](std::size_t first) {
    for (std::size_t index = first; index < count; index += loop->num_threads) loop->consoles[index].reset();
    for (unsigned step = 0; step < num_steps; ++step) {
      for (std::size_t index = first; index < count; index += loop->num_threads) {
        loop->consoles[index].step(masks[step * count + index], num_frames);
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t first = 1; first < loop->num_threads; ++first) threads.emplace_back(work, first);
  work(0);
  for (std::thread& thread : threads) thread.join();
}
