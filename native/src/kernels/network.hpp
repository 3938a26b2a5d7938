// A whole network of values, forward and backward: convolutions, what fractions mean where there are any, a noisy hidden
// layer with a rectifier, and noisy heads on it.
//
// It reads weights and noise where they are, so that it is made once and sees every change of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "buffer.hpp"
#include "fractions.hpp"
#include "noisy.hpp"
#include "stack.hpp"

namespace ngp::kernels {

struct NoisyLayer {
  NoisyWeights weights;               // noise_in and noise_out are left open
  const Bf16 *noise_in, *noise_out;   // [K], [N]
};

struct Embedding {
  const Bf16 *weight, *bias;  // [F, C], [F]
  std::size_t num_cosines;
};

// Fractions of each picture, [S, N]: S is the number of pictures, or 1 where they are the same for all.
struct FractionSets {
  const float* fractions = nullptr;
  std::size_t num_sets = 0, num_fractions = 1;
};

// Where the gradients of all parameters go; of noisy layers the hidden one first, then the heads.
struct NetworkGradients {
  float* convolutions;              // as Stack::backward has them
  Bf16 *embedding, *embedding_bias; // none without an embedding
  std::vector<NoisyGradients> noisy;
};

class Network {
 public:
  // Layers fit one another. `stack` must live as long as the network.
  Network(const Stack& stack, std::vector<Weights> convolutions, std::optional<Embedding> embedding, NoisyLayer hidden,
          std::vector<NoisyLayer> heads);

  const Stack& stack() const { return stack_; }
  const std::optional<Embedding>& embedding() const { return embedding_; }
  // The hidden one, then those of the heads.
  const std::vector<NoisyLayer>& noisy_layers() const { return layers_; }
  std::size_t num_heads() const { return layers_.size() - 1; }

  // outputs[h] is [pictures * fractions, outputs of head h].
  void forward(const std::uint8_t* pictures, std::size_t num_pictures, const FractionSets& sets,
               const std::vector<Bf16*>& outputs, unsigned num_threads);

  // The same, keeping what the way back needs until the next call; returns the number by which `backward` asks for it.
  std::uint64_t forward_to_learn(const std::uint8_t* pictures, std::size_t num_pictures, const FractionSets& sets,
                                 const std::vector<Bf16*>& outputs, unsigned num_threads);
  // From the gradients of the outputs to those of all parameters, for the same pictures. Throws std::invalid_argument
  // where another call of `forward_to_learn` has taken the place of that one.
  void backward(std::uint64_t number, const std::uint8_t* pictures, const std::vector<const Bf16*>& gradients,
                const NetworkGradients& to, unsigned num_threads);
  // Rows of the outputs that `backward` takes gradients for; throws as that does.
  std::size_t num_kept_rows(std::uint64_t number) const;
  std::size_t num_kept_pictures() const { return kept_.num_pictures; }

 private:
  struct Room {
    std::size_t num_pictures = 0;
    FractionSets sets;
    Buffer<Bf16> between, features, cosines, embedding, embedded, hidden;
    Buffer<float> noise;
    Buffer<Pair> strips;
  };

  std::vector<NoisyWeights> noisy_weights(Room& room, bool is_new) const;
  std::vector<Pair*> strips(Room& room) const;
  Fractions fractions_of(Room& room) const;
  void run(Room& room, bool keeps, const std::uint8_t* pictures, const std::vector<Bf16*>& outputs,
           unsigned num_threads);

  const Stack& stack_;
  std::vector<Weights> convolutions_;
  std::optional<Embedding> embedding_;
  std::vector<NoisyLayer> layers_;
  KeptWeights prepared_;
  Room kept_;
  std::uint64_t num_kept_ = 0;
};

}  // namespace ngp::kernels
