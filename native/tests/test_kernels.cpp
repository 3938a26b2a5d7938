// The kernels stay inside of their arrays, which end where their memory ends, and threads change nothing but the order
// of sums. What they compute is compared with torch in tests/nn.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>

#include "adam.hpp"
#include "check.hpp"
#include "dueling.hpp"
#include "fractions.hpp"
#include "network.hpp"
#include "noisy.hpp"
#include "policy.hpp"
#include "processor.hpp"
#include "quantiles.hpp"
#include "stack.hpp"

namespace {

using ngp::kernels::Bf16;

std::mt19937 generator(0);

// Memory of exactly this size, so that the address sanitizer sees each number beyond it.
template <typename Number>
std::unique_ptr<Number[]> numbers(std::size_t count, const std::vector<float>& drawn) {
  std::unique_ptr<Number[]> made(new Number[count]);
  for (std::size_t at = 0; at < count; ++at) made[at] = static_cast<Number>(drawn[at % drawn.size()]);
  return made;
}

std::unique_ptr<float[]> floats(std::size_t count) {
  std::normal_distribution<float> normal(0, 0.1F);
  std::unique_ptr<float[]> made(new float[count]);
  for (std::size_t at = 0; at < count; ++at) made[at] = normal(generator);
  return made;
}

std::unique_ptr<Bf16[]> bf16(std::size_t count) {
  const std::unique_ptr<float[]> drawn = floats(count);
  std::unique_ptr<Bf16[]> made(new Bf16[count]);
  for (std::size_t at = 0; at < count; ++at) {
    std::uint32_t bits;
    std::memcpy(&bits, &drawn[at], sizeof bits);
    made[at] = static_cast<Bf16>(bits >> 16);
  }
  return made;
}

bool is_near(const float* found, const float* expected, std::size_t count) {
  double difference = 0, size = 0;
  for (std::size_t at = 0; at < count; ++at) {
    difference += std::pow(found[at] - expected[at], 2.0);
    size += std::pow(expected[at], 2.0);
  }
  return difference <= 1e-8 * size;
}

void test_convolutions(const ngp::kernels::Extent& picture, const std::vector<ngp::kernels::Shape>& shapes,
                       std::size_t count) {
  const ngp::kernels::Stack stack(picture, shapes);
  const auto pictures = numbers<std::uint8_t>(count * picture.num_numbers(), {0, 255, 17, 128, 3});
  std::vector<std::unique_ptr<float[]>> kept;
  std::vector<ngp::kernels::Weights> weights;
  for (const ngp::kernels::Layer& layer : stack.layers()) {
    kept.push_back(floats(layer.num_weights()));
    kept.push_back(floats(layer.num_filters()));
    weights.push_back({kept[kept.size() - 2].get(), kept.back().get(), false});
  }
  const std::unique_ptr<Bf16[]> gradient = bf16(count * stack.num_features());
  std::unique_ptr<float[]> found[2];
  std::unique_ptr<Bf16[]> features[2];
  for (unsigned side = 0; side < 2; ++side) {
    const std::unique_ptr<Bf16[]> hidden(new Bf16[count * stack.num_hidden()]);
    features[side].reset(new Bf16[count * stack.num_features()]);
    found[side].reset(new float[stack.num_parameters()]);
    stack.forward(pictures.get(), count, weights, hidden.get(), features[side].get(), side + 1);
    stack.backward(pictures.get(), count, weights, hidden.get(), features[side].get(), gradient.get(),
                   found[side].get(), side + 1);
  }
  CHECK(std::equal(features[0].get(), features[0].get() + count * stack.num_features(), features[1].get()));
  CHECK(is_near(found[0].get(), found[1].get(), stack.num_parameters()));
}

void test_noisy(std::size_t num_inputs, std::size_t num_outputs, std::size_t count) {
  const auto mean = bf16(num_inputs * num_outputs), sigma = bf16(num_inputs * num_outputs), mean_bias = bf16(num_outputs),
             sigma_bias = bf16(num_outputs), input = bf16(count * num_inputs), gradient = bf16(count * num_outputs);
  const auto noise_in = floats(num_inputs), noise_out = floats(num_outputs);
  const ngp::kernels::NoisyWeights weights{mean.get(),     sigma.get(),     mean_bias.get(), sigma_bias.get(),
                                           noise_in.get(), noise_out.get(), num_inputs,      num_outputs};
  std::unique_ptr<Bf16[]> found[2];
  for (unsigned side = 0; side < 2; ++side) {
    const std::unique_ptr<ngp::kernels::Pair[]> strips(
        new ngp::kernels::Pair[ngp::kernels::num_strip_pairs(num_inputs, num_outputs)]);
    const auto output = bf16(count * num_outputs), input_gradient = bf16(count * num_inputs);
    const auto sigma_gradient = bf16(num_inputs * num_outputs), bias_gradient = bf16(num_outputs),
               sigma_bias_gradient = bf16(num_outputs);
    found[side] = bf16(num_inputs * num_outputs);
    ngp::kernels::noisy_forward(weights, input.get(), count, true, nullptr, output.get(), side + 1);
    ngp::kernels::noisy_forward(weights, input.get(), count, true, strips.get(), output.get(), side + 1);
    ngp::kernels::noisy_backward(
        weights, input.get(), count, strips.get(), output.get(), gradient.get(), input_gradient.get(),
        {found[side].get(), sigma_gradient.get(), bias_gradient.get(), sigma_bias_gradient.get()}, side + 1);
  }
  CHECK(std::equal(found[0].get(), found[0].get() + num_inputs * num_outputs, found[1].get()));
}

void test_fractions(std::size_t num_features, std::size_t count, std::size_t num_fractions) {
  constexpr std::size_t kCosines = 32;
  const std::size_t num_lines = count * num_fractions, size = num_lines * num_features;
  const auto weight = bf16(num_features * kCosines), bias = bf16(num_features), features = bf16(count * num_features),
             cosines = bf16(num_lines * kCosines), embedding = bf16(size), gradient = bf16(size);
  const auto fractions = floats(num_lines);
  const ngp::kernels::Fractions given{weight.get(), bias.get(), features.get(), cosines.get(), count,
                                      count,        num_fractions, kCosines,    num_features};
  std::unique_ptr<Bf16[]> outputs[2], found[2];
  for (unsigned side = 0; side < 2; ++side) {
    outputs[side] = bf16(size);
    found[side] = bf16(num_features * kCosines);
    const auto features_gradient = bf16(count * num_features), bias_gradient = bf16(num_features);
    ngp::kernels::embed_forward(given, fractions.get(), embedding.get(), outputs[side].get(), side + 1);
    ngp::kernels::embed_backward(given, embedding.get(), gradient.get(),
                                 {features_gradient.get(), found[side].get(), bias_gradient.get()}, side + 1);
  }
  CHECK(std::equal(outputs[0].get(), outputs[0].get() + size, outputs[1].get()));
  CHECK(std::equal(found[0].get(), found[0].get() + num_features * kCosines, found[1].get()));
}

// The arrays of a noisy layer, and of its gradients.
struct Noisy {
  std::size_t num_inputs, num_outputs;
  std::unique_ptr<Bf16[]> mean = bf16(num_inputs * num_outputs), sigma = bf16(num_inputs * num_outputs),
                          mean_bias = bf16(num_outputs), sigma_bias = bf16(num_outputs), noise_in = bf16(num_inputs),
                          noise_out = bf16(num_outputs);

  ngp::kernels::NoisyLayer layer() const {
    return {{mean.get(), sigma.get(), mean_bias.get(), sigma_bias.get(), nullptr, nullptr, num_inputs, num_outputs},
            noise_in.get(), noise_out.get()};
  }
  ngp::kernels::NoisyGradients gradients() const {
    return {mean.get(), sigma.get(), mean_bias.get(), sigma_bias.get()};
  }
};

void test_network(std::size_t count, std::size_t num_fractions, bool has_embedding) {
  constexpr std::size_t kCosines = 32, kHidden = 64;
  const ngp::kernels::Stack stack({84, 84, 4}, {{16, 8, 4, 0}, {32, 4, 2, 0}});
  const std::size_t num_features = stack.num_features(), num_rows = count * num_fractions;
  const auto pictures = numbers<std::uint8_t>(count * 84 * 84 * 4, {0, 255, 7, 99});
  std::vector<std::unique_ptr<Bf16[]>> kept;
  std::vector<ngp::kernels::Weights> weights;
  for (const ngp::kernels::Layer& layer : stack.layers()) {
    for (const std::size_t size : {layer.num_weights(), layer.num_filters()}) kept.push_back(bf16(size));
    weights.push_back({kept.end()[-2].get(), kept.end()[-1].get(), true});
  }
  const auto embedding = bf16(num_features * kCosines), embedding_bias = bf16(num_features);
  const auto fractions = floats(count * num_fractions);
  const Noisy hidden{num_features, kHidden}, value{kHidden, 1}, advantage{kHidden, 7};
  using Embedding = std::optional<ngp::kernels::Embedding>;
  ngp::kernels::Network network(
      stack, weights, has_embedding ? Embedding({embedding.get(), embedding_bias.get(), kCosines}) : std::nullopt,
      hidden.layer(), {value.layer(), advantage.layer()});
  const ngp::kernels::FractionSets sets{fractions.get(), has_embedding ? count : 0, num_fractions};
  std::unique_ptr<Bf16[]> found[2];
  for (unsigned side = 0; side < 2; ++side) {
    const auto values = bf16(num_rows), others = bf16(num_rows * 7);
    network.forward(pictures.get(), count, sets, {values.get(), others.get()}, side + 1);
    const auto value_output = bf16(num_rows), advantage_output = bf16(num_rows * 7);
    const std::uint64_t number =
        network.forward_to_learn(pictures.get(), count, sets, {value_output.get(), advantage_output.get()}, side + 1);
    // A few rows are multiplied in another way where there is a way back.
    CHECK(num_rows <= 8 || std::equal(values.get(), values.get() + num_rows, value_output.get()));
    CHECK(num_rows <= 8 || std::equal(others.get(), others.get() + num_rows * 7, advantage_output.get()));
    found[side] = bf16(num_features * kHidden);
    const Noisy of_hidden{num_features, kHidden}, of_value{kHidden, 1}, of_advantage{kHidden, 7};
    const auto convolutions = floats(stack.num_parameters());
    const auto of_embedding = bf16(num_features * kCosines), of_bias = bf16(num_features);
    network.backward(number, pictures.get(), {value_output.get(), advantage_output.get()},
                     {convolutions.get(), of_embedding.get(), of_bias.get(),
                      {of_hidden.gradients(), of_value.gradients(), of_advantage.gradients()}},
                     side + 1);
    std::copy_n(of_hidden.mean.get(), num_features * kHidden, found[side].get());
    CHECK_THROWS(std::invalid_argument, "taken the place", network.num_kept_rows(number + 1));
  }
  CHECK(std::equal(found[0].get(), found[0].get() + num_features * kHidden, found[1].get()));
}

void test_heads(std::size_t count, std::size_t num_actions, std::size_t num_atoms) {
  const auto value = bf16(count * num_atoms), advantage = bf16(count * num_actions * num_atoms);
  const auto action = numbers<std::int64_t>(count, {0, static_cast<float>(num_actions - 1)});
  const auto atoms = numbers<float>(num_atoms, {0}), means = floats(count * num_actions), rewards = floats(count),
             target = floats(count * num_atoms), errors = floats(count), change = floats(count * num_atoms);
  for (std::size_t atom = 0; atom < num_atoms; ++atom) atoms[atom] = static_cast<float>(atom) - 1;
  const ngp::kernels::Dueling given{value.get(), advantage.get(), count, num_actions, num_atoms};
  ngp::kernels::expect_returns(given, atoms.get(), means.get());
  CHECK(*std::min_element(means.get(), means.get() + count * num_actions) > -1);
  ngp::kernels::project_returns(given, action.get(), rewards.get(), rewards.get(), atoms.get(), target.get());
  ngp::kernels::cross_entropies(given, action.get(), target.get(), errors.get(), change.get());
  CHECK(*std::min_element(errors.get(), errors.get() + count) > 0);
  ngp::kernels::cross_entropies_back(given, action.get(), change.get(), errors.get(), value.get(), advantage.get());
  const ngp::kernels::Quantiles same{value.get(), advantage.get(), count, num_atoms, num_actions};
  ngp::kernels::average_quantiles(same, means.get());
  ngp::kernels::move_quantiles(same, action.get(), rewards.get(), rewards.get(), target.get());
  ngp::kernels::quantile_errors(same, action.get(), change.get(), target.get(), num_atoms, errors.get(), change.get());
  ngp::kernels::quantile_errors_back(same, action.get(), change.get(), errors.get(), value.get(), advantage.get());
}

void test_policy(std::size_t count, std::size_t num_inputs, std::size_t num_actions) {
  const auto policy = bf16(num_actions * num_inputs), policy_bias = bf16(num_actions), value = bf16(num_inputs);
  const auto value_bias = bf16(1), hidden = bf16(count * num_inputs);
  const ngp::kernels::PolicyWeights weights{policy.get(), policy_bias.get(), value.get(), value_bias.get(), num_inputs,
                                            num_actions};
  const std::size_t size = count * num_actions;
  const auto logs = floats(size), log_gradient = floats(size), race = floats(size);
  const auto values = floats(count), value_gradient = floats(count), before = floats(count), chosen = floats(count);
  ngp::kernels::find_policy(weights, hidden.get(), count, logs.get(), values.get());
  const std::unique_ptr<std::int64_t[]> action(new std::int64_t[count]);
  ngp::kernels::draw_actions(logs.get(), race.get(), count, num_actions, action.get(), chosen.get());
  const ngp::kernels::Played played{action.get(), chosen.get(), before.get(), before.get(), before.get(), logs.get(),
                                    count, num_actions};
  const ngp::kernels::SurrogateFigures figures = ngp::kernels::find_surrogate(
      played, {0.2F, 0.2F, 0.5F, 0.01F, 0.1F}, logs.get(), values.get(), log_gradient.get(), value_gradient.get());
  CHECK(std::abs(figures.divergence) < 1e-6F && std::abs(figures.drift) < 1e-6F && figures.clipped == 0);
  const auto of_hidden = bf16(count * num_inputs), of_policy = bf16(num_actions * num_inputs);
  const auto of_policy_bias = bf16(num_actions), of_value = bf16(num_inputs), of_value_bias = bf16(1);
  const ngp::kernels::PolicyGradients to{of_hidden.get(), of_policy.get(), of_policy_bias.get(), of_value.get(),
                                         of_value_bias.get()};
  ngp::kernels::find_policy_back(weights, hidden.get(), count, logs.get(), log_gradient.get(), value_gradient.get(),
                           to);
  const auto output = bf16(count * num_actions), again = bf16(count * num_actions);
  const auto put = [&](Bf16* to, unsigned num_threads) {
    ngp::kernels::multiply_few_rows(policy.get(), policy_bias.get(), num_inputs, num_actions, hidden.get(), count, to,
                                    num_threads);
  };
  put(output.get(), 1);
  put(again.get(), 2);
  CHECK(std::equal(output.get(), output.get() + count * num_actions, again.get()));
}

void test_adam(std::size_t count) {
  const auto weight = floats(count), gradient = floats(count), moment = floats(count);
  const auto square = numbers<float>(count, {0, 0.5F, 1}), before = numbers<float>(count, {0});
  const auto copy = bf16(count);
  std::copy_n(weight.get(), count, before.get());
  const std::vector<ngp::kernels::Slot> slots{
      {weight.get(), gradient.get(), false, moment.get(), square.get(), copy.get(), count}};
  CHECK(std::abs(ngp::kernels::sum_squares(slots, 1) / ngp::kernels::sum_squares(slots, 2) - 1) < 1e-6);
  ngp::kernels::step_adam(slots, {0.1F, 0.1F, 0.99F, 0.01F, 1e-3F, 0.1F, 0.1F, 1.0F}, 2);
  CHECK(!std::equal(weight.get(), weight.get() + count, before.get()));
}

}  // namespace

int main() {
  if (!ngp::kernels::is_available()) return 0;
  for (const std::size_t count : {1, 3, 11, 19}) {
    test_convolutions({84, 84, 4}, {{32, 8, 4, 0}, {64, 4, 2, 0}, {64, 3, 1, 0}}, count);
    test_convolutions({71, 65, 8}, {{16, 4, 2, 0}, {48, 4, 2, 0}, {32, 3, 1, 0}}, count);
    test_policy(count, 32 * count, 7);
    test_policy(count, 512, 1);
    test_convolutions({45, 38, 3}, {{16, 8, 2, 0}, {32, 4, 2, 0}, {80, 3, 2, 0}, {48, 3, 1, 1}}, count);
    test_noisy(32, 1, count);
    test_noisy(416, 357, 7 * count);
    test_fractions(32, count, 3);
    test_fractions(2592, count, 9);
    test_network(count, 1, false);
    test_network(count, 3, true);
    test_heads(count, 7, 51);
    test_heads(count, 1, 2);
  }
  for (const std::size_t count : {1, 15, 16, 33, 70'001}) test_adam(count);
  CHECK_THROWS(std::invalid_argument, "multiple of 16, not 20", ngp::kernels::Stack({84, 84, 4}, {{20, 8, 4, 0}}));
}
