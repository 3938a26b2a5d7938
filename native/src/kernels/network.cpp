#include "network.hpp"

#include <stdexcept>
#include <utility>

#include "packing.hpp"

namespace ngp::kernels {

Network::Network(const Stack& stack, std::vector<Weights> convolutions, std::optional<Embedding> embedding,
                 NoisyLayer hidden, std::vector<NoisyLayer> heads)
    : stack_(stack), convolutions_(std::move(convolutions)), embedding_(embedding), layers_(std::move(heads)) {
  layers_.insert(layers_.begin(), hidden);
}

void Network::forward(const std::uint8_t* pictures, std::size_t num_pictures, const FractionSets& sets,
                      const std::vector<Bf16*>& outputs, unsigned num_threads) {
  static thread_local Room room;
  room.num_pictures = num_pictures;
  room.sets = sets;
  run(room, false, pictures, outputs, num_threads);
}

std::uint64_t Network::forward_to_learn(const std::uint8_t* pictures, std::size_t num_pictures,
                                        const FractionSets& sets, const std::vector<Bf16*>& outputs,
                                        unsigned num_threads) {
  kept_.num_pictures = num_pictures;
  kept_.sets = sets;
  run(kept_, true, pictures, outputs, num_threads);
  kept_.sets.fractions = nullptr;  // the caller's
  return ++num_kept_;
}

std::size_t Network::num_kept_rows(std::uint64_t number) const {
  if (number != num_kept_ || number == 0) {
    throw std::invalid_argument("Another forward of the same network has taken the place of the one to go back from.");
  }
  return kept_.num_pictures * kept_.sets.num_fractions;
}

// The layers with noise in the room's own numbers, where it stays as it was for the way back: that of now, if it is new.
std::vector<NoisyWeights> Network::noisy_weights(Room& room, bool is_new) const {
  std::size_t count = 0;
  for (const NoisyLayer& layer : layers_) count += layer.weights.num_inputs + layer.weights.num_outputs;
  float* noise = room.noise.of(count);
  std::vector<NoisyWeights> found;
  for (const NoisyLayer& layer : layers_) {
    const std::size_t num_inputs = layer.weights.num_inputs, num_outputs = layer.weights.num_outputs;
    if (is_new) {
      widen(layer.noise_in, num_inputs, noise);
      widen(layer.noise_out, num_outputs, noise + num_inputs);
    }
    found.push_back(layer.weights);
    found.back().noise_in = noise;
    found.back().noise_out = noise + num_inputs;
    noise += num_inputs + num_outputs;
  }
  return found;
}

std::vector<Pair*> Network::strips(Room& room) const {
  std::size_t count = 0;
  std::vector<std::size_t> begins;
  for (const NoisyLayer& layer : layers_) {
    begins.push_back(count);
    count += num_strip_pairs(layer.weights.num_inputs, layer.weights.num_outputs);
  }
  Pair* const first = room.strips.of(count);
  std::vector<Pair*> found;
  for (const std::size_t begin : begins) found.push_back(first + begin);
  return found;
}

Fractions Network::fractions_of(Room& room) const {
  const FractionSets& sets = room.sets;
  return {embedding_->weight,
          embedding_->bias,
          room.features.of(room.num_pictures * stack_.num_features()),
          room.cosines.of(sets.num_sets * sets.num_fractions * embedding_->num_cosines),
          room.num_pictures,
          sets.num_sets,
          sets.num_fractions,
          embedding_->num_cosines,
          stack_.num_features()};
}

void Network::run(Room& room, bool keeps, const std::uint8_t* pictures, const std::vector<Bf16*>& outputs,
                  unsigned num_threads) {
  const std::size_t num_pictures = room.num_pictures, num_rows = num_pictures * room.sets.num_fractions;
  const std::size_t num_features = stack_.num_features();
  const std::vector<NoisyWeights> weights = noisy_weights(room, true);
  const std::vector<Pair*> kept = keeps ? strips(room) : std::vector<Pair*>(layers_.size(), nullptr);
  Bf16* const features = room.features.of(num_pictures * num_features);
  Bf16* const hidden = room.hidden.of(num_rows * weights[0].num_outputs);
  stack_.forward(pictures, num_pictures, prepared_.find(stack_, convolutions_, num_threads),
                 keeps ? room.between.of(num_pictures * stack_.num_hidden()) : nullptr, features, num_threads);
  const Bf16* input = features;
  if (embedding_) {
    Bf16* const embedded = room.embedded.of(num_rows * num_features);
    embed_forward(fractions_of(room), room.sets.fractions,
                  keeps ? room.embedding.of(num_rows * num_features) : nullptr, embedded, num_threads);
    input = embedded;
  }
  noisy_forward(weights[0], input, num_rows, true, kept[0], hidden, num_threads);
  for (std::size_t head = 0; head < num_heads(); ++head) {
    noisy_forward(weights[head + 1], hidden, num_rows, false, kept[head + 1], outputs[head], num_threads);
  }
}

void Network::backward(std::uint64_t number, const std::uint8_t* pictures, const std::vector<const Bf16*>& gradients,
                       const NetworkGradients& to, unsigned num_threads) {
  static thread_local Buffer<Bf16> hidden_buffer, part_buffer, input_buffer, feature_buffer;
  const std::size_t num_rows = num_kept_rows(number), num_pictures = kept_.num_pictures;
  const std::size_t num_features = stack_.num_features();
  const std::vector<NoisyWeights> weights = noisy_weights(kept_, false);
  const std::vector<Pair*> strips = this->strips(kept_);
  const std::size_t num_hidden = num_rows * weights[0].num_outputs;
  const Bf16* const hidden = kept_.hidden.of(num_hidden);
  const Bf16* const features = kept_.features.of(num_pictures * num_features);
  Bf16* const hidden_gradient = hidden_buffer.of(num_hidden);
  Bf16* const part = part_buffer.of(num_hidden);
  for (std::size_t head = 0; head < num_heads(); ++head) {
    noisy_backward(weights[head + 1], hidden, num_rows, strips[head + 1], nullptr, gradients[head],
                   head ? part : hidden_gradient, to.noisy[head + 1], num_threads);
    if (head) add_to(part, num_hidden, hidden_gradient);
  }
  Bf16* const feature_gradient = feature_buffer.of(num_pictures * num_features);
  Bf16* const input_gradient = embedding_ ? input_buffer.of(num_rows * num_features) : feature_gradient;
  const Bf16* const input = embedding_ ? kept_.embedded.of(num_rows * num_features) : features;
  noisy_backward(weights[0], input, num_rows, strips[0], hidden, hidden_gradient, input_gradient, to.noisy[0],
                 num_threads);
  if (embedding_) {
    embed_backward(fractions_of(kept_), kept_.embedding.of(num_rows * num_features), input_gradient,
                   {feature_gradient, to.embedding, to.embedding_bias}, num_threads);
  }
  stack_.backward(pictures, num_pictures, convolutions_, kept_.between.of(num_pictures * stack_.num_hidden()),
                  features, feature_gradient, to.convolutions, num_threads);
}

}  // namespace ngp::kernels
