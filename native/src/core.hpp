// One emulated console: a private copy of a libretro core with a game in it.
//
// Libretro cores keep their state in globals and their callbacks carry no user pointer. Each console therefore loads a
// copy of the core's file of its own, and every call into a core says beforehand, per thread, whose call it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crash.hpp"
#include "libretro.hpp"
#include "shared_blob.hpp"

namespace ngp {

constexpr unsigned kMaxPlayers = 4;

// A stretch of the console's memory, in the host's byte order, at the console's address.
struct MemoryBlock {
  std::size_t address;
  std::size_t size;
  std::uint8_t* data;
  bool operator==(const MemoryBlock& other) const {
    return address == other.address && size == other.size && data == other.data;
  }
};

// The picture of the last frame that was drawn; the pixels belong to the core.
struct Picture {
  const std::uint8_t* pixels = nullptr;
  unsigned width = 0;
  unsigned height = 0;
  std::size_t pitch = 0;  // bytes from one row to the next
  libretro::PixelFormat format = libretro::PixelFormat::k0Rgb1555;
};

// What is done before a core takes a state, because its states leave something out.
enum class BeforeState {
  kNothing,
  kReset,   // the console is reset
  kReload,  // the game is loaded anew, as stable-retro does it; the memory then moves
  kRestart,  // a new copy of the core begins with the game; the memory then moves
};

struct CoreSpec {
  std::string library;          // path of the core's file
  std::string rom_path;         // what the core is told the ROM is called
  std::string system_folder;    // where the core may look for firmware
  std::map<std::string, std::string> options;
  std::size_t ram_address = 0;  // where the work memory lies, if the core does not say
  BeforeState before_state = BeforeState::kNothing;
  std::uint32_t button_mask = ~0u;  // the bits of a mask that are buttons of the console
  // Where and how much of the state before the first frame is random; `warm_up` sets it to 0.
  std::size_t random_begin = 0, random_size = 0;
};

class Core {
 public:
  // Loads a copy of the library and the ROM. Throws EngineError: no such file, an entry point is missing, an option
  // does not exist or has no such value, the core refuses the ROM.
  Core(const CoreSpec& spec, std::shared_ptr<const Bytes> rom);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Runs the two frames that stable-retro runs before it loads a state: some cores know their memory and their picture
  // only then, and what their states leave out (the phase of a resampler) depends on the number.
  void warm_up();

  // Runs one frame. When `is_drawn` is false a core that can leave the picture undrawn does so.
  void run(bool is_drawn = true);

  void set_buttons(unsigned player, std::uint32_t mask) { buttons_[player] = mask & spec_.button_mask; }

  const Picture& picture() const { return picture_; }
  // Whether the picture is that of a frame before the state last loaded.
  bool is_picture_old() const { return is_picture_old_; }
  // Whether `run(false)` saves work, so that the picture is then not to be trusted.
  bool can_skip_drawing() const { return buffer_status_ != nullptr || asks_what_is_enabled_; }
  unsigned rotation() const { return rotation_; }
  double frames_per_second() const { return av_info_.timing.fps; }
  double samples_per_second() const { return av_info_.timing.sample_rate; }

  // The memory that data.json addresses, ordered by address.
  const std::vector<MemoryBlock>& memory() const { return memory_; }

  void keep_audio(bool is_kept) { keeps_audio_ = is_kept; }
  // The sound of the last frame, interleaved left and right.
  const std::vector<std::int16_t>& audio() const { return audio_; }

  // A state has `state_size()` bytes, of which the core writes the first `content_size()`, rounded up to a page; the
  // rest is zero and need not be kept.
  std::size_t state_size() const { return state_size_; }
  std::size_t content_size() const { return content_size_; }
  // The content of the present state; valid until the next save or load. The console goes on as if nothing had happened.
  const std::uint8_t* save();
  // The same; a core whose states leave something out then loads it, so that this console, too, goes on from what a
  // load brings back.
  const std::uint8_t* settle();
  // Takes a whole state. Throws EngineError when the core refuses it, HangError when the core does not come back.
  void load(const std::uint8_t* state, std::size_t size);
  // The same from the content alone, as `save` gave it.
  void load_content(const std::uint8_t* content, std::size_t size);

  // The present state with all that the core keeps in its own variables, which its states may leave out. It holds
  // addresses of this copy of the core, so only this console can go back to it, and only until the core is restarted.
  // Throws EngineError where a library's variables cannot be found.
  Bytes image();
  // Goes back to an image. Throws EngineError when it is not of this copy of the core.
  void put_back(const std::uint8_t* image, std::size_t size);

  // Name and version that the core reports.
  const std::string& name() const { return name_; }
  std::string version() const;
  // Option name to its possible values, the default first.
  const std::map<std::string, std::vector<std::string>>& options() const { return possible_; }
  // Frames run since the core was loaded.
  std::uint64_t frame() const { return site_.frame; }
  const std::string& rom_path() const { return spec_.rom_path; }

 private:
  struct Library;  // the loaded copy and its entry points
  class Turn;      // says, for the time of a call, whose callbacks these are

  bool environment(unsigned command, void* data);
  template <typename Call>
  bool call(const char* what, const Call& call);
  void check_not_lost() const;
  void read_options(const libretro::Variable* variables);
  void check_options() const;
  void read_memory_map(const libretro::MemoryMap& map);
  void find_memory();
  void init();
  void set_random_part();
  void load_game();
  void reload_game();
  void measure_state();
  void keep(const std::uint8_t* content, std::size_t size);
  void load_bytes(const std::uint8_t* state, std::size_t size);
  void take_state(const std::uint8_t* state, std::size_t size);

  static bool on_environment(unsigned command, void* data);
  static void on_video(const void* pixels, unsigned width, unsigned height, std::size_t pitch);
  static void on_sample(std::int16_t left, std::int16_t right);
  static std::size_t on_samples(const std::int16_t* samples, std::size_t frames);
  static void on_poll();
  static std::int16_t on_input(unsigned port, unsigned device, unsigned index, unsigned id);

  CoreSpec spec_;
  std::shared_ptr<const Bytes> rom_;
  std::unique_ptr<Library> library_;
  std::string name_;
  crash::Site site_;
  std::map<std::string, std::vector<std::string>> possible_;  // option to its values, the default first
  std::vector<MemoryBlock> memory_;
  std::map<std::size_t, Bytes> absent_memory_;  // zeros in the place of blocks that the cartridge lacks
  std::vector<std::int16_t> audio_;
  // A whole state; the pages that the core does not write stay zero and take no memory.
  struct FreeBytes {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::uint8_t[], FreeBytes> state_;
  std::size_t state_size_ = 0;
  std::size_t content_size_ = 0;
  libretro::SystemAvInfo av_info_{};
  Picture picture_;
  libretro::BufferStatus buffer_status_ = nullptr;
  std::uint32_t buttons_[kMaxPlayers] = {};
  unsigned rotation_ = 0;
  bool asks_what_is_enabled_ = false;
  bool has_memory_map_ = false;
  bool is_drawn_ = true;
  bool is_picture_old_ = false;
  bool keeps_audio_ = false;
  bool is_lost_ = false;  // it hung: it must not be called again
};

}  // namespace ngp
