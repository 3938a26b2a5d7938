// The part of the libretro interface that this frontend speaks: numbers and layouts only, as the interface fixes them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ngp::libretro {

constexpr unsigned kApiVersion = 1;
constexpr unsigned kMemorySystemRam = 2;
constexpr unsigned kDeviceJoypad = 1;
constexpr unsigned kJoypadMask = 256;
constexpr unsigned kExperimental = 0x10000;

enum class Command : unsigned {
  kSetRotation = 1,
  kGetCanDupe = 3,
  kGetSystemDirectory = 9,
  kSetPixelFormat = 10,
  kGetVariable = 15,
  kSetVariables = 16,
  kGetVariableUpdate = 17,
  kGetLogInterface = 27,
  kGetSaveDirectory = 31,
  kSetSystemAvInfo = 32,
  kSetMemoryMaps = 36 | kExperimental,
  kSetGeometry = 37,
  kGetAudioVideoEnable = 47 | kExperimental,
  kSetAudioBufferStatusCallback = 62,
};

enum class PixelFormat : int { k0Rgb1555 = 0, kXrgb8888 = 1, kRgb565 = 2 };

constexpr int kEnableVideo = 1 << 0;
constexpr int kEnableAudio = 1 << 1;
constexpr int kHardDisableAudio = 1 << 3;

constexpr std::uint64_t kMemoryConst = 1 << 0;

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

struct SystemInfo {
  const char* library_name;
  const char* library_version;
  const char* valid_extensions;
  bool need_fullpath;
  bool block_extract;
};

struct Geometry {
  unsigned base_width;
  unsigned base_height;
  unsigned max_width;
  unsigned max_height;
  float aspect_ratio;
};

struct SystemAvInfo {
  Geometry geometry;
  struct {
    double fps;
    double sample_rate;
  } timing;
};

struct MemoryDescriptor {
  std::uint64_t flags;
  void* ptr;
  std::size_t offset;
  std::size_t start;
  std::size_t select;
  std::size_t disconnect;
  std::size_t len;
  const char* addrspace;
};

struct MemoryMap {
  const MemoryDescriptor* descriptors;
  unsigned num_descriptors;
};

struct LogCallback {
  void (*log)(int level, const char* format, ...);
};

using BufferStatus = void (*)(bool active, unsigned occupancy, bool underrun_likely);

struct BufferStatusCallback {
  BufferStatus callback;
};

}  // namespace ngp::libretro
