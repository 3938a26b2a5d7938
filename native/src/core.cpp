#include "core.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "errors.hpp"
#include "globals.hpp"
#include "watchdog.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ngp {

using libretro::Command;

namespace {

constexpr std::size_t kPage = 4096;

thread_local Core* current = nullptr;

void ignore_log(int, const char*, ...) {}

std::string listed(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all.empty() ? "nothing" : all;
}

// Whether a core wrote anything into the first page of bytes that were zero.
bool is_written(const std::uint8_t* bytes, std::size_t size) {
  const std::uint8_t* const end = bytes + std::min(size, kPage);
  return std::any_of(bytes, end, [](std::uint8_t byte) { return byte != 0; });
}

// What an image begins with; the state's content follows, then the library's variables.
struct ImageHead {
  std::uint64_t library;  // number of the copy of the core
  std::uint64_t state_size;
};

// A copy of a file that lives only as long as its descriptor: dlopen takes it for a library of its own.
class PrivateCopy {
 public:
  explicit PrivateCopy(const std::string& path) {
    std::ifstream source(path, std::ios::binary);
    if (!source) throw EngineError("The core's file " + path + " cannot be read.");
    const std::vector<char> content((std::istreambuf_iterator<char>(source)), std::istreambuf_iterator<char>());
    open_new();
    write_all(content, path);
  }
  ~PrivateCopy() {
    if (descriptor_ >= 0) ::close(descriptor_);
#if !defined(__linux__)
    ::unlink(name_.c_str());
#endif
  }
  PrivateCopy(const PrivateCopy&) = delete;
  PrivateCopy& operator=(const PrivateCopy&) = delete;

  const std::string& path() const { return name_; }

 private:
  void open_new() {
#if defined(__linux__)
    descriptor_ = ::memfd_create("ngp-core", MFD_CLOEXEC);
    name_ = unique_name(descriptor_);
#else
    const char* folder = std::getenv("TMPDIR");
    name_ = std::string(folder ? folder : "/tmp") + "/ngp-core-XXXXXX";
    descriptor_ = ::mkstemp(name_.data());
#endif
    if (descriptor_ < 0) throw EngineError("There is no room for another copy of a core.");
  }

  void write_all(const std::vector<char>& content, const std::string& path) const {
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t count = ::write(descriptor_, content.data() + done, content.size() - done);
      if (count <= 0) throw EngineError("There is no room for another copy of " + path + ".");
      done += static_cast<std::size_t>(count);
    }
  }

#if defined(__linux__)
  // dlopen knows a library again by the name it was opened with, and descriptors come back: so the path spells out a
  // number that is never used twice, in slashes and dots that lead nowhere else.
  static std::string unique_name(int descriptor) {
    static std::atomic<unsigned> counter{0};
    std::string name = "/proc/self/fd";
    for (unsigned rest = ++counter; rest != 0; rest >>= 1) name += (rest & 1) != 0 ? "/." : "/";
    return name + "/" + std::to_string(descriptor);
  }
#endif

  int descriptor_ = -1;
  std::string name_;
};

}  // namespace

struct Core::Library {
  explicit Library(const std::string& path) {
    const PrivateCopy copy(path);
    handle = ::dlopen(copy.path().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw EngineError("The core " + path + " cannot be loaded: " + ::dlerror() + ".");
    try {
      find(init, "retro_init", path);
      find(deinit, "retro_deinit", path);
      find(api_version, "retro_api_version", path);
      find(get_system_info, "retro_get_system_info", path);
      find(get_system_av_info, "retro_get_system_av_info", path);
      find(run, "retro_run", path);
      find(reset, "retro_reset", path);
      find(serialize_size, "retro_serialize_size", path);
      find(serialize, "retro_serialize", path);
      find(unserialize, "retro_unserialize", path);
      find(load_game, "retro_load_game", path);
      find(unload_game, "retro_unload_game", path);
      find(get_memory_data, "retro_get_memory_data", path);
      find(get_memory_size, "retro_get_memory_size", path);
      find(set_environment, "retro_set_environment", path);
      find(set_video_refresh, "retro_set_video_refresh", path);
      find(set_audio_sample, "retro_set_audio_sample", path);
      find(set_audio_sample_batch, "retro_set_audio_sample_batch", path);
      find(set_input_poll, "retro_set_input_poll", path);
      find(set_input_state, "retro_set_input_state", path);
    } catch (...) {
      ::dlclose(handle);
      throw;
    }
    globals = Globals(handle);
  }
  ~Library() {
    if (!is_abandoned) ::dlclose(handle);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  template <typename Function>
  void find(Function*& function, const char* name, const std::string& path) {
    function = reinterpret_cast<Function*>(::dlsym(handle, name));
    if (function == nullptr) throw EngineError(path + " is not a libretro core: it has no entry point " + name + ".");
  }

  void* handle = nullptr;
  std::uint64_t number = 0;  // of this copy and its loading of a game, never used twice
  Globals globals;
  bool is_abandoned = false;  // in the middle of a call: its code must stay where it is
  void (*init)() = nullptr;
  void (*deinit)() = nullptr;
  unsigned (*api_version)() = nullptr;
  void (*get_system_info)(libretro::SystemInfo*) = nullptr;
  void (*get_system_av_info)(libretro::SystemAvInfo*) = nullptr;
  void (*run)() = nullptr;
  void (*reset)() = nullptr;
  std::size_t (*serialize_size)() = nullptr;
  bool (*serialize)(void*, std::size_t) = nullptr;
  bool (*unserialize)(const void*, std::size_t) = nullptr;
  bool (*load_game)(const libretro::GameInfo*) = nullptr;
  void (*unload_game)() = nullptr;
  void* (*get_memory_data)(unsigned) = nullptr;
  std::size_t (*get_memory_size)(unsigned) = nullptr;
  void (*set_environment)(bool (*)(unsigned, void*)) = nullptr;
  void (*set_video_refresh)(void (*)(const void*, unsigned, unsigned, std::size_t)) = nullptr;
  void (*set_audio_sample)(void (*)(std::int16_t, std::int16_t)) = nullptr;
  void (*set_audio_sample_batch)(std::size_t (*)(const std::int16_t*, std::size_t)) = nullptr;
  void (*set_input_poll)(void (*)()) = nullptr;
  void (*set_input_state)(std::int16_t (*)(unsigned, unsigned, unsigned, unsigned)) = nullptr;
};

class Core::Turn {
 public:
  explicit Turn(const Core* core) : before_(current) {
    core->check_not_lost();
    current = const_cast<Core*>(core);
    site_before_ = crash::enter(&core->site_);
  }
  ~Turn() {
    crash::enter(site_before_);
    current = before_;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Core* before_;
  const crash::Site* site_before_;
};

// Calls into the core; false when the core throws, as those written in C++ may. Throws HangError when it hangs.
template <typename Call>
bool Core::call(const char* what, const Call& call) {
  bool has_thrown = false;
  const auto quiet_call = [&] {
    try {
      call();
    } catch (...) {
      has_thrown = true;
    }
  };
  if (watchdog::run(quiet_call)) return !has_thrown;
  is_lost_ = true;
  library_->is_abandoned = true;
  throw HangError("The core " + name() + " did not come back from " + what + " after frame " + std::to_string(frame()) +
                  " of " + spec_.rom_path + "; a start state of another core build can do that.");
}

Core::Core(const CoreSpec& spec, std::shared_ptr<const Bytes> rom)
    : spec_(spec), rom_(std::move(rom)), library_(std::make_unique<Library>(spec.library)) {
  libretro::SystemInfo info{};
  library_->get_system_info(&info);
  if (info.library_name != nullptr) name_ = info.library_name;
  site_.core = name_.c_str();
  site_.game = spec_.rom_path.c_str();
  crash::listen();
  const Turn turn(this);
  if (library_->api_version() != libretro::kApiVersion) {
    throw EngineError("The core " + spec.library + " speaks another version of libretro.");
  }
  init();
  try {
    check_options();
    load_game();
  } catch (...) {
    if (!is_lost_) library_->deinit();
    throw;
  }
}

void Core::init() {
  library_->set_environment(on_environment);
  library_->set_video_refresh(on_video);
  library_->set_audio_sample(on_sample);
  library_->set_audio_sample_batch(on_samples);
  library_->set_input_poll(on_poll);
  library_->set_input_state(on_input);
  library_->init();
}

void Core::load_game() {
  static std::atomic<std::uint64_t> counter{0};
  library_->number = ++counter;
  const libretro::GameInfo game{spec_.rom_path.c_str(), rom_->data(), rom_->size(), nullptr};
  bool is_taken = false;
  if (!call("loading its game", [&] { is_taken = library_->load_game(&game); }) || !is_taken) {
    throw EngineError("The core " + name() + " refuses the ROM " + spec_.rom_path +
                      "; is it a game of another console?");
  }
  library_->get_system_av_info(&av_info_);
  if (!has_memory_map_) find_memory();
}

// stable-retro reloads Stella before each state: its states do not say, for example, how far a paddle is turned. What
// picodrive leaves out outlives a reload, and even the core's own end and beginning: only a new copy forgets it.
void Core::reload_game() {
  std::unique_ptr<Library> fresh;
  if (spec_.before_state == BeforeState::kRestart) fresh = std::make_unique<Library>(spec_.library);
  library_->unload_game();
  if (fresh) {
    library_->deinit();
    library_ = std::move(fresh);
    picture_.pixels = nullptr;
    init();
  }
  memory_.clear();
  has_memory_map_ = false;
  load_game();
  library_->reset();
}

Core::~Core() {
  if (is_lost_) return;
  const Turn turn(this);
  library_->unload_game();
  library_->deinit();
}

void Core::warm_up() {
  if (spec_.random_size != 0) set_random_part();
  run();
  if (!has_memory_map_) find_memory();
  run();
}

void Core::set_random_part() {
  save();
  if (spec_.random_begin + spec_.random_size > state_size_) return;  // a build with another layout
  std::memset(state_.get() + spec_.random_begin, 0, spec_.random_size);
  load_bytes(state_.get(), state_size_);
}

void Core::run(bool is_drawn) {
  const Turn turn(this);
  is_drawn_ = is_drawn;
  if (keeps_audio_) audio_.clear();
  if (buffer_status_ != nullptr) buffer_status_(true, 0, !is_drawn);
  if (!call("a frame", [this] { library_->run(); })) {
    throw EngineError("The core " + name() + " gave up in a frame after frame " + std::to_string(frame()) + " of " +
                      spec_.rom_path + ".");
  }
  ++site_.frame;
  if (is_drawn || !can_skip_drawing()) is_picture_old_ = false;
}

// Finds out how much of a state the core writes, by saving it over two different backgrounds.
void Core::measure_state() {
  const Turn turn(this);
  state_size_ = library_->serialize_size();
  std::vector<std::uint8_t> dark(state_size_, 0x00), light(state_size_, 0xFF);
  if (state_size_ == 0 || !library_->serialize(dark.data(), state_size_) ||
      !library_->serialize(light.data(), state_size_)) {
    throw EngineError("The core " + name() + " cannot save its state.");
  }
  std::size_t size = state_size_;
  while (size > 0 && dark[size - 1] == 0x00 && light[size - 1] == 0xFF) --size;
  content_size_ = std::min(state_size_, (size + kPage - 1) / kPage * kPage);
  state_.reset(static_cast<std::uint8_t*>(std::calloc(state_size_, 1)));
}

const std::uint8_t* Core::save() {
  if (!state_) measure_state();
  const Turn turn(this);
  if (!library_->serialize(state_.get(), state_size_)) {
    throw EngineError("The core " + name() + " cannot save its state.");
  }
  while (content_size_ < state_size_ && is_written(state_.get() + content_size_, state_size_ - content_size_)) {
    content_size_ = std::min(state_size_, content_size_ + kPage);
  }
  return state_.get();
}

const std::uint8_t* Core::settle() {
  save();
  if (spec_.before_state != BeforeState::kNothing) load_bytes(state_.get(), state_size_);
  return state_.get();
}

void Core::load(const std::uint8_t* state, std::size_t size) {
  if (!state_) measure_state();
  if (size >= state_size_) return load_bytes(state, size);
  // Too short a state: the core shall refuse it, but not every core looks at the size before it reads.
  keep(state, size);
  load_bytes(state_.get(), size);
}

void Core::load_content(const std::uint8_t* content, std::size_t size) {
  if (!state_) measure_state();
  if (size > state_size_) throw EngineError("A snapshot is longer than the states of the core " + name() + ".");
  keep(content, size);
  load_bytes(state_.get(), state_size_);
}

// Puts `size` bytes, and zeros after them, into our own state.
void Core::keep(const std::uint8_t* content, std::size_t size) {
  std::memcpy(state_.get(), content, size);
  if (size < content_size_) std::memset(state_.get() + size, 0, content_size_ - size);
  content_size_ = std::max(content_size_, size);
}

void Core::load_bytes(const std::uint8_t* state, std::size_t size) {
  const Turn turn(this);
  if (spec_.before_state == BeforeState::kReset) library_->reset();
  if (spec_.before_state == BeforeState::kReload || spec_.before_state == BeforeState::kRestart) reload_game();
  take_state(state, size);
}

void Core::take_state(const std::uint8_t* state, std::size_t size) {
  is_picture_old_ = true;
  bool is_taken = false;
  if (!call("taking a state", [&] { is_taken = library_->unserialize(state, size); }) || !is_taken) {
    throw EngineError("The core " + name() + " refuses a state of " + std::to_string(size) +
                      " bytes; it was made by another core build or is cut short.");
  }
}

Bytes Core::image() {
  if (library_->globals.is_empty()) {
    throw EngineError("The variables of the core " + name() + " cannot be found on this system.");
  }
  const std::uint8_t* const state = save();
  const ImageHead head{library_->number, content_size_};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&head);
  Bytes image(bytes, bytes + sizeof(head));
  image.insert(image.end(), state, state + content_size_);
  library_->globals.append_to(image);
  return image;
}

void Core::put_back(const std::uint8_t* image, std::size_t size) {
  ImageHead head{};
  if (size >= sizeof(head)) std::memcpy(&head, image, sizeof(head));
  if (head.library != library_->number || head.state_size > std::min(state_size_, size - sizeof(head))) {
    throw EngineError("An image of the core " + name() + " is of another copy of it.");
  }
  const std::uint8_t* const globals = image + sizeof(head) + head.state_size;
  const auto globals_size = static_cast<std::size_t>(image + size - globals);
  library_->globals.check(globals, globals_size);
  keep(image + sizeof(head), head.state_size);
  const Turn turn(this);
  take_state(state_.get(), state_size_);  // what the core keeps outside of its variables
  library_->globals.put_back(globals);
}

void Core::check_not_lost() const {
  if (!is_lost_) return;
  throw EngineError("The core " + name() + " did not come back from an earlier call with " + spec_.rom_path +
                    ": make a new console.");
}

std::string Core::version() const {
  libretro::SystemInfo info{};
  library_->get_system_info(&info);
  return info.library_version != nullptr ? info.library_version : "";
}

bool Core::environment(unsigned command, void* data) {
  switch (static_cast<Command>(command)) {
    case Command::kSetPixelFormat:
      picture_.format = *static_cast<const libretro::PixelFormat*>(data);
      return true;
    case Command::kGetVariable: {
      // An option that nobody set keeps what the core left in `value`, as in stable-retro: genesis_plus_gx reuses the
      // struct from one question to the next, so answering its defaults makes another machine.
      auto* variable = static_cast<libretro::Variable*>(data);
      const auto found = spec_.options.find(variable->key);
      if (found == spec_.options.end()) return false;
      variable->value = found->second.c_str();
      return true;
    }
    case Command::kSetVariables:
      read_options(static_cast<const libretro::Variable*>(data));
      return true;
    case Command::kGetVariableUpdate:
      *static_cast<bool*>(data) = false;
      return true;
    case Command::kGetSystemDirectory:
    case Command::kGetSaveDirectory:
      *static_cast<const char**>(data) = spec_.system_folder.c_str();
      return true;
    case Command::kGetCanDupe:
      *static_cast<bool*>(data) = true;
      return true;
    case Command::kSetRotation:
      rotation_ = *static_cast<const unsigned*>(data) % 4;
      return true;
    case Command::kGetLogInterface:
      static_cast<libretro::LogCallback*>(data)->log = ignore_log;
      return true;
    case Command::kSetSystemAvInfo:
      av_info_ = *static_cast<const libretro::SystemAvInfo*>(data);
      return true;
    case Command::kSetMemoryMaps:
      read_memory_map(*static_cast<const libretro::MemoryMap*>(data));
      return true;
    case Command::kGetAudioVideoEnable:
      asks_what_is_enabled_ = true;
      *static_cast<int*>(data) = (is_drawn_ ? libretro::kEnableVideo : 0) |
                                 (keeps_audio_ ? libretro::kEnableAudio : libretro::kHardDisableAudio);
      return true;
    case Command::kSetAudioBufferStatusCallback:
      buffer_status_ = data != nullptr ? static_cast<libretro::BufferStatusCallback*>(data)->callback : nullptr;
      return true;
    default:
      return false;
  }
}

// "Description; default|other|…"
void Core::read_options(const libretro::Variable* variables) {
  for (; variables->key != nullptr; ++variables) {
    const std::string text = variables->value != nullptr ? variables->value : "";
    std::size_t begin = text.find("; ");
    begin = begin == std::string::npos ? 0 : begin + 2;
    std::vector<std::string>& possible = possible_[variables->key];
    possible.clear();
    while (begin <= text.size()) {
      const std::size_t end = std::min(text.find('|', begin), text.size());
      possible.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
}

void Core::check_options() const {
  for (const auto& [name, value] : spec_.options) {
    const auto found = possible_.find(name);
    if (found == possible_.end()) {
      std::vector<std::string> names;
      for (const auto& option : possible_) names.push_back(option.first);
      throw EngineError("The core " + this->name() + " has no option " + name + "; it has: " + listed(names) + ".");
    }
    if (std::find(found->second.begin(), found->second.end(), value) == found->second.end()) {
      throw EngineError("The option " + name + " of the core " + this->name() + " cannot be " + value +
                        "; it can be: " + listed(found->second) + ".");
    }
  }
}

void Core::read_memory_map(const libretro::MemoryMap& map) {
  memory_.clear();
  for (unsigned index = 0; index < map.num_descriptors; ++index) {
    const libretro::MemoryDescriptor& descriptor = map.descriptors[index];
    if ((descriptor.flags & libretro::kMemoryConst) != 0) continue;
    std::size_t size = descriptor.len;
    if (descriptor.select != 0) size = ((~descriptor.select & ~descriptor.start) + 1) & descriptor.select;
    if (descriptor.len != 0 && descriptor.len < size) size = descriptor.len;
    if (size == 0) continue;
    auto* data = static_cast<std::uint8_t*>(descriptor.ptr);
    if (data == nullptr) {
      Bytes& zeros = absent_memory_[descriptor.start];
      zeros.assign(size, 0);
      data = zeros.data();
    }
    memory_.push_back({descriptor.start, size, data});
  }
  std::sort(memory_.begin(), memory_.end(),
            [](const MemoryBlock& a, const MemoryBlock& b) { return a.address < b.address; });
  has_memory_map_ = !memory_.empty();
}

// Asks for the memory of a core that gives no map.
void Core::find_memory() {
  const std::size_t size = library_->get_memory_size(libretro::kMemorySystemRam);
  auto* data = static_cast<std::uint8_t*>(library_->get_memory_data(libretro::kMemorySystemRam));
  memory_.clear();
  if (size != 0 && data != nullptr) memory_.push_back({spec_.ram_address, size, data});
}

bool Core::on_environment(unsigned command, void* data) {
  return current != nullptr && current->environment(command, data);
}

void Core::on_video(const void* pixels, unsigned width, unsigned height, std::size_t pitch) {
  Picture& picture = current->picture_;
  if (pixels != nullptr) picture.pixels = static_cast<const std::uint8_t*>(pixels);
  if (pitch != 0) picture.pitch = pitch;
  picture.width = width;
  picture.height = height;
}

void Core::on_sample(std::int16_t left, std::int16_t right) {
  if (!current->keeps_audio_) return;
  current->audio_.push_back(left);
  current->audio_.push_back(right);
}

std::size_t Core::on_samples(const std::int16_t* samples, std::size_t frames) {
  if (current->keeps_audio_) current->audio_.insert(current->audio_.end(), samples, samples + 2 * frames);
  return frames;
}

void Core::on_poll() {}

std::int16_t Core::on_input(unsigned port, unsigned device, unsigned, unsigned id) {
  if (port >= kMaxPlayers || (device & 0xFF) != libretro::kDeviceJoypad) return 0;
  const std::uint32_t mask = current->buttons_[port];
  if (id == libretro::kJoypadMask) return static_cast<std::int16_t>(mask);
  return id < 16 ? static_cast<std::int16_t>(mask >> id & 1) : 0;
}

}  // namespace ngp
