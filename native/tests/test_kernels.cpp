// The kernels stay inside of their arrays, which end where their memory ends, and threads change nothing but the order
// of sums, on each instruction set. What they compute is compared with torch in tests/nn.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include "adam.hpp"
#include "check.hpp"
#include "dueling.hpp"
#include "fractions.hpp"
#include "noisy.hpp"
#include "policy.hpp"
#include "processor.hpp"
#include "stack.hpp"

namespace {

using ngp::kernels::Real;

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

std::unique_ptr<Real[]> reals(std::size_t count) {
  const std::unique_ptr<float[]> drawn = floats(count);
  std::unique_ptr<Real[]> made(new Real[count]);
  for (std::size_t at = 0; at < count; ++at) made[at] = ngp::kernels::to_real(drawn[at]);
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
  std::vector<std::unique_ptr<Real[]>> kept;
  std::vector<ngp::kernels::Weights> weights;
  for (const ngp::kernels::Layer& layer : stack.layers()) {
    kept.push_back(reals(layer.num_weights()));
    kept.push_back(reals(layer.num_filters()));
    weights.push_back({kept[kept.size() - 2].get(), kept.back().get()});
  }
  const std::unique_ptr<Real[]> gradient = reals(count * stack.num_features());
  std::unique_ptr<float[]> found[2];
  std::unique_ptr<Real[]> features[2];
  for (unsigned side = 0; side < 2; ++side) {
    const std::unique_ptr<Real[]> hidden(new Real[count * stack.num_hidden()]);
    features[side].reset(new Real[count * stack.num_features()]);
    found[side].reset(new float[stack.num_parameters()]);
    stack.forward(pictures.get(), count, weights, hidden.get(), features[side].get(), side + 1);
    stack.backward(pictures.get(), count, weights, hidden.get(), features[side].get(), gradient.get(),
                   found[side].get(), side + 1);
  }
  CHECK(std::equal(features[0].get(), features[0].get() + count * stack.num_features(), features[1].get()));
  CHECK(is_near(found[0].get(), found[1].get(), stack.num_parameters()));
}

void test_noisy(std::size_t num_inputs, std::size_t num_outputs, std::size_t count) {
  const auto mean = reals(num_inputs * num_outputs), sigma = reals(num_inputs * num_outputs), mean_bias = reals(num_outputs),
             sigma_bias = reals(num_outputs), input = reals(count * num_inputs), gradient = reals(count * num_outputs);
  const auto noise_in = floats(num_inputs), noise_out = floats(num_outputs);
  const ngp::kernels::NoisyWeights weights{mean.get(),     sigma.get(),     mean_bias.get(), sigma_bias.get(),
                                           noise_in.get(), noise_out.get(), num_inputs,      num_outputs};
  std::unique_ptr<Real[]> found[2];
  for (unsigned side = 0; side < 2; ++side) {
    const std::unique_ptr<ngp::kernels::Pack[]> strips(
        new ngp::kernels::Pack[ngp::kernels::count_strip_packs(num_inputs, num_outputs)]);
    const auto output = reals(count * num_outputs), input_gradient = reals(count * num_inputs);
    const auto sigma_gradient = reals(num_inputs * num_outputs), bias_gradient = reals(num_outputs),
               sigma_bias_gradient = reals(num_outputs);
    found[side] = reals(num_inputs * num_outputs);
    ngp::kernels::noisy_forward(weights, input.get(), count, true, nullptr, output.get(), side + 1);
    ngp::kernels::noisy_forward(weights, input.get(), count, true, strips.get(), output.get(), side + 1);
    ngp::kernels::noisy_backward(
        weights, input.get(), count, strips.get(), output.get(), gradient.get(), input_gradient.get(),
        {found[side].get(), sigma_gradient.get(), bias_gradient.get(), sigma_bias_gradient.get()}, side + 1);
  }
  CHECK(std::equal(found[0].get(), found[0].get() + num_inputs * num_outputs, found[1].get()));
}

void test_dueling(std::size_t count, std::size_t num_actions, std::size_t num_numbers) {
  const std::size_t size = count * num_numbers;
  const auto value = reals(size), advantage = reals(num_actions * size);
  const auto atoms = floats(num_numbers), reward = floats(count), factor = floats(count), target = floats(size);
  const auto fraction = floats(size), errors = floats(count), change = floats(size), means = floats(count * num_actions);
  const auto value_gradient = reals(size), advantage_gradient = reals(num_actions * size);
  std::sort(atoms.get(), atoms.get() + num_numbers);
  const std::vector<std::int64_t> action(count, static_cast<std::int64_t>(num_actions) - 1);
  for (const bool has_atoms : {true, false}) {
    const ngp::kernels::DuelingShape shape{count, num_actions, num_numbers, has_atoms};
    const ngp::kernels::Dueling given{value.get(), advantage.get(), shape};
    if (has_atoms) {
      ngp::kernels::expect_returns(given, atoms.get(), means.get());
      ngp::kernels::find_cross_entropies(given, action.data(), target.get(), errors.get(), change.get());
      ngp::kernels::project_returns(given, action.data(), reward.get(), factor.get(), atoms.get(), target.get());
      CHECK(std::all_of(target.get(), target.get() + size, [](float mass) { return mass >= 0 && mass <= 1.001F; }));
    } else {
      ngp::kernels::average_quantiles(given, means.get());
      ngp::kernels::move_quantiles(given, action.data(), reward.get(), factor.get(), target.get());
      ngp::kernels::find_quantile_errors(given, action.data(), fraction.get(), target.get(), num_numbers, errors.get(),
                                         change.get());
    }
    ngp::kernels::find_dueling_back(shape, action.data(), change.get(), reward.get(), value_gradient.get(),
                                    advantage_gradient.get());
  }
}

void test_fractions(std::size_t num_features, std::size_t count, std::size_t num_fractions) {
  constexpr std::size_t kCosines = 32;
  const std::size_t num_lines = count * num_fractions, size = num_lines * num_features;
  const auto weight = reals(num_features * kCosines), bias = reals(num_features), features = reals(count * num_features),
             cosines = reals(num_lines * kCosines), embedding = reals(size), gradient = reals(size);
  const auto fractions = floats(num_lines);
  const ngp::kernels::Fractions given{weight.get(), bias.get(), features.get(), cosines.get(), count,
                                      count,        num_fractions, kCosines,    num_features};
  std::unique_ptr<Real[]> outputs[2], found[2];
  for (unsigned side = 0; side < 2; ++side) {
    outputs[side] = reals(size);
    found[side] = reals(num_features * kCosines);
    const auto features_gradient = reals(count * num_features), bias_gradient = reals(num_features);
    ngp::kernels::embed_forward(given, fractions.get(), embedding.get(), outputs[side].get(), side + 1);
    ngp::kernels::embed_backward(given, embedding.get(), gradient.get(),
                                 {features_gradient.get(), found[side].get(), bias_gradient.get()}, side + 1);
  }
  CHECK(std::equal(outputs[0].get(), outputs[0].get() + size, outputs[1].get()));
  CHECK(std::equal(found[0].get(), found[0].get() + num_features * kCosines, found[1].get()));
}

void test_policy(std::size_t count, std::size_t num_inputs, std::size_t num_actions) {
  const auto policy = reals(num_actions * num_inputs), policy_bias = reals(num_actions), value = reals(num_inputs);
  const auto value_bias = reals(1), hidden = reals(count * num_inputs);
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
  const auto of_hidden = reals(count * num_inputs), of_policy = reals(num_actions * num_inputs);
  const auto of_policy_bias = reals(num_actions), of_value = reals(num_inputs), of_value_bias = reals(1);
  const ngp::kernels::PolicyGradients to{of_hidden.get(), of_policy.get(), of_policy_bias.get(), of_value.get(),
                                         of_value_bias.get()};
  ngp::kernels::find_policy_back(weights, hidden.get(), count, logs.get(), log_gradient.get(), value_gradient.get(),
                           to);
  const auto output = reals(count * num_actions), again = reals(count * num_actions);
  const auto put = [&](Real* to, unsigned num_threads) {
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
  const auto copy = reals(count);
  std::copy_n(weight.get(), count, before.get());
  const std::vector<ngp::kernels::Slot> slots{
      {weight.get(), gradient.get(), false, moment.get(), square.get(), copy.get(), count}};
  CHECK(std::abs(ngp::kernels::sum_squares(slots, 1) / ngp::kernels::sum_squares(slots, 2) - 1) < 1e-6);
  ngp::kernels::step_adam(slots, {0.1F, 0.1F, 0.99F, 0.01F, 1e-3F, 0.1F, 0.1F, 1.0F}, 2);
  CHECK(!std::equal(weight.get(), weight.get() + count, before.get()));
}

}  // namespace

int main() {
  if (!ngp::kernels::can_run(NGP_SET)) return 0;
  for (const std::size_t count : {1, 3, 11, 19}) {
    test_convolutions({84, 84, 4}, {{32, 8, 4, 0}, {64, 4, 2, 0}, {64, 3, 1, 0}}, count);
    test_convolutions({71, 65, 8}, {{16, 4, 2, 0}, {48, 4, 2, 0}, {32, 3, 1, 0}}, count);
    test_policy(count, 32 * count, 7);
    test_policy(count, 512, 1);
    test_convolutions({45, 38, 3}, {{16, 8, 2, 0}, {32, 4, 2, 0}, {80, 3, 2, 0}, {48, 3, 1, 1}}, count);
    test_noisy(32, 1, count);
    test_noisy(416, 357, 7 * count);
    test_dueling(count, 7, 51);
    test_dueling(count, 1, 2 * count);
    test_fractions(32, count, 3);
    test_fractions(2592, count, 9);
  }
  for (const std::size_t count : {1, 15, 16, 33, 70'001}) test_adam(count);
  CHECK_THROWS(std::invalid_argument, "multiple of 16, not 20", ngp::kernels::Stack({84, 84, 4}, {{20, 8, 4, 0}}));
}
