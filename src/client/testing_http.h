// A scripted HTTP server for tests of clients: one thread, one request a connection; and a request by hand for tests of
// servers.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace thalweg::client {

class ScriptedServer {
 public:
  struct Answer {
    int status = 200;
    std::string body;
  };
  ScriptedServer() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() { stop(); }
  // Nobody listens any more: who asks is refused.
  void stop() {
    if (fd_ < 0) return;
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(std::exchange(fd_, -1));
  }

  void on(const std::string& method_and_path, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[method_and_path] = std::move(answer);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // "POST /subjects/a/versions {...}"
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (true) {
      const int client = ::accept(fd_, nullptr, nullptr);
      if (client < 0) return;
      handle(client);
      ::close(client);
    }
  }

  void handle(int client) {
    std::string in;
    char buffer[4096];
    std::size_t end = std::string::npos, length = 0;
    while (end == std::string::npos || in.size() < end + 4 + length) {
      const auto got = ::recv(client, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      in.append(buffer, static_cast<std::size_t>(got));
      if (end == std::string::npos && (end = in.find("\r\n\r\n")) != std::string::npos)
        if (const auto at = in.find("Content-Length: "); at != std::string::npos && at < end)
          length = std::stoul(in.substr(at + 16));
    }
    const std::string line = in.substr(0, in.find(" HTTP/1"));
    Answer answer{404, "{\"error_code\":404,\"message\":\"not scripted\"}"};
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(line + (length ? " " + in.substr(end + 4) : ""));
      if (const auto found = answers_.find(line); found != answers_.end()) answer = found->second;
    }
    const std::string out = "HTTP/1.1 " + std::to_string(answer.status) +
                            " x\r\nContent-Length: " + std::to_string(answer.body.size()) +
                            "\r\nConnection: close\r\n\r\n" + answer.body;
    (void)::send(client, out.data(), out.size(), MSG_NOSIGNAL);
  }

  int fd_, port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// Sends these bytes, and gives everything that comes back until the other side closes.
inline std::string exchange(int port, const std::string& bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = htons(static_cast<std::uint16_t>(port)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  std::string in;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    (void)::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    char buffer[4096];
    for (ssize_t got; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
      in.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(fd);
  return in;
}

}  // namespace thalweg::client
