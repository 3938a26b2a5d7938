#include "globals.hpp"

#include <algorithm>
#include <cstring>

#include "errors.hpp"

#if defined(__linux__)
#include <dlfcn.h>
#include <link.h>
#include <unistd.h>
#endif

namespace ngp {

namespace {

constexpr std::size_t kPage = 4096;

// What stands before a page in a copy.
constexpr std::uint8_t kAsFirst = 0, kOther = 1;

#if defined(__linux__)
struct Search {
  ElfW(Addr) base;
  std::size_t begin = 0, end = 0;  // addresses of what may be written to
};

std::size_t page_of(std::size_t address) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return address / page * page;
}

// Of the one segment that may be written to, the beginning is read-only once the library is linked.
int look(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (info->dlpi_addr != search.base) return 0;
  for (unsigned index = 0; index < info->dlpi_phnum; ++index) {
    const ElfW(Phdr)& header = info->dlpi_phdr[index];
    const std::size_t begin = info->dlpi_addr + header.p_vaddr, end = begin + header.p_memsz;
    if (header.p_type == PT_LOAD && (header.p_flags & PF_W) != 0) {
      search.begin = std::max(search.begin, page_of(begin));
      search.end = end;
    } else if (header.p_type == PT_GNU_RELRO) {
      search.begin = std::max(search.begin, page_of(end));
    }
  }
  return 1;
}
#endif

}  // namespace

Globals::Globals(void* handle) {
#if defined(__linux__)
  link_map* map = nullptr;
  if (::dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) return;
  Search search{map->l_addr};
  ::dl_iterate_phdr(look, &search);
  if (search.begin >= search.end) return;
  begin_ = reinterpret_cast<std::uint8_t*>(search.begin);
  num_pages_ = (search.end - search.begin + kPage - 1) / kPage;  // memory comes in whole pages
#else
  (void)handle;
#endif
}

void Globals::append_to(Bytes& image) {
  if (first_.empty()) first_.assign(begin_, begin_ + num_pages_ * kPage);
  for (std::size_t page = 0; page < num_pages_; ++page) {
    const std::uint8_t* const content = begin_ + page * kPage;
    const bool is_as_first = std::memcmp(content, first_.data() + page * kPage, kPage) == 0;
    image.push_back(is_as_first ? kAsFirst : kOther);
    if (!is_as_first) image.insert(image.end(), content, content + kPage);
  }
}

void Globals::check(const std::uint8_t* image, std::size_t size) const {
  const std::uint8_t* at = image;
  for (std::size_t page = 0; page < num_pages_; ++page) {
    const auto left = static_cast<std::size_t>(image + size - at);
    const std::size_t wanted = left > 0 && *at != kAsFirst ? 1 + kPage : 1;
    if (left < wanted) throw EngineError("An image is cut short.");
    at += wanted;
  }
}

void Globals::put_back(const std::uint8_t* image) const {
  for (std::size_t page = 0; page < num_pages_; ++page) {
    std::uint8_t* const content = begin_ + page * kPage;
    const std::uint8_t* wanted = first_.data() + page * kPage;
    if (*image++ != kAsFirst) {
      wanted = image;
      image += kPage;
    }
    if (std::memcmp(content, wanted, kPage) != 0) std::memcpy(content, wanted, kPage);
  }
}

}  // namespace ngp
