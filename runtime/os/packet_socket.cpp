#include "runtime/os/packet_socket.hpp"

#include "runtime/os/system_refusal.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mote::detail {

namespace {

constexpr std::size_t most_attached = 4;
constexpr std::size_t page_size = 4096;
constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

[[noreturn]] void refuse(const char* what) { throw system_refusal(errno, what, asked_for::memory); }

descriptor make_file(std::size_t size) {
  descriptor file(::memfd_create("mote", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), static_cast<off_t>(size)) != 0) refuse("mote: memory shared with an OS process");
  return file;
}

}  // namespace

void descriptor::close() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

packet_pair make_packet_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    throw system_refusal(errno, "mote: the channel to an OS process");
  }
  return {descriptor(ends[0]), descriptor(ends[1])};
}

packet_result send_packet(int socket, std::span<const std::byte> packet, std::span<const int> attached) noexcept {
  iovec part{const_cast<std::byte*>(packet.data()), packet.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * most_attached)> control{};
  if (!attached.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(attached.size_bytes());
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(attached.size_bytes());
    std::memcpy(CMSG_DATA(head), attached.data(), attached.size_bytes());
  }
  const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) return {0, errno};
  return {static_cast<std::size_t>(sent), 0};
}

packet_result receive_packet(int socket, std::span<std::byte> into, std::span<descriptor> attached) noexcept {
  iovec part{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * most_attached)> control{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  // The other end was closed with something unread. Linux says so first, once, and only then gives what that end had sent.
  if (got < 0 && errno == ECONNRESET) got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return {0, errno};
  std::size_t came = 0, taken = 0;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(head) + i * sizeof(int), sizeof(int));
      descriptor one(number);
      ++came;
      if (taken < attached.size()) attached[taken++] = std::move(one);
    }
  }
  const bool none_free = (message.msg_flags & MSG_CTRUNC) != 0 && came < most_attached;  // there was room to tell of more
  if (none_free) return {0, EMFILE};
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return {0, EMSGSIZE};
  return {static_cast<std::size_t>(got), 0};
}

void shut_down(int socket) noexcept { static_cast<void>(::shutdown(socket, SHUT_RDWR)); }

void wait_for_packet(int socket) noexcept {
  pollfd one{socket, POLLIN, 0};
  while (::poll(&one, 1, -1) < 0 && errno == EINTR) {
  }
}

descriptor make_sealed_file(std::span<const std::byte> content) {
  descriptor file = make_file(content.size());
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t written = ::pwrite(file.get(), content.data() + done, content.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno != EINTR) refuse("mote: a large message to an OS process");
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  if (::fcntl(file.get(), F_ADD_SEALS, all_seals) != 0) refuse("mote: a large message to an OS process");
  return file;
}

// Sealed against shrinking, or a hostile owner could take the pages from under the reader.
sealed_content::sealed_content(const descriptor& file) {
  struct stat found {};
  if (::fcntl(file.get(), F_GET_SEALS) != all_seals || ::fstat(file.get(), &found) != 0 || found.st_size <= 0) return;
  void* const at = ::mmap(nullptr, static_cast<std::size_t>(found.st_size), PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (at == MAP_FAILED) refuse("mote: a large message from an OS process");
  at_ = at;
  size_ = static_cast<std::size_t>(found.st_size);
}

sealed_content::~sealed_content() {
  if (at_ != nullptr) ::munmap(at_, size_);
}

shared_page::shared_page() : shared_page(make_file(page_size)) {}

shared_page::shared_page(descriptor file)
    : file_(std::move(file)), at_(::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0)) {
  if (at_ == MAP_FAILED) refuse("mote: the page shared with an OS process");
}

shared_page::~shared_page() {
  if (at_ != nullptr) ::munmap(at_, page_size);
}

}  // namespace mote::detail
