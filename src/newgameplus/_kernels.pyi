"""The compiled kernels as the type checker sees them; native/src/kernels says what each does.

No module has this name: newgameplus._kernels_avx2 and the like do, one for each instruction set, and all have this.
Arrays are torch tensors on the CPU, contiguous, and of ``DTYPE`` where native/src/kernels says Real. What takes them
raises ValueError where a shape or a type is wrong.
"""

from collections.abc import Sequence

from torch import Tensor

DTYPE: str
"""Of what is stored: ``bfloat16`` or ``float32``."""

class Convolutions:
    def __init__(
        self, height: int, width: int, num_channels: int, shapes: Sequence[tuple[int, int, int, int]]
    ) -> None: ...
    @property
    def num_hidden(self) -> int: ...
    @property
    def num_features(self) -> int: ...
    @property
    def num_parameters(self) -> int: ...
    def forward(
        self,
        observation: Tensor,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        hidden: Tensor,
        features: Tensor,
        num_threads: int,
    ) -> None: ...
    def backward(
        self,
        observation: Tensor,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        hidden: Tensor,
        features: Tensor,
        gradient: Tensor,
        parameter_gradient: Tensor,
        num_threads: int,
    ) -> None: ...

class PreparedConvolutions:
    def __init__(self, convolutions: Convolutions) -> None: ...
    def forward(
        self,
        observation: Tensor,
        weights: Sequence[Tensor],
        biases: Sequence[Tensor],
        features: Tensor,
        num_threads: int,
    ) -> None: ...

def count_strip_packs(num_inputs: int, num_outputs: int) -> int: ...
def noisy_forward(
    input: Tensor,
    mean: Tensor,
    sigma: Tensor,
    mean_bias: Tensor,
    sigma_bias: Tensor,
    noise_in: Tensor,
    noise_out: Tensor,
    is_rectified: bool,
    strips: Tensor | None,
    output: Tensor,
    num_threads: int,
) -> None: ...
def noisy_backward(
    input: Tensor,
    mean: Tensor,
    sigma: Tensor,
    mean_bias: Tensor,
    sigma_bias: Tensor,
    noise_in: Tensor,
    noise_out: Tensor,
    strips: Tensor,
    output: Tensor | None,
    gradient: Tensor,
    input_gradient: Tensor | None,
    mean_gradient: Tensor,
    sigma_gradient: Tensor,
    mean_bias_gradient: Tensor,
    sigma_bias_gradient: Tensor,
    num_threads: int,
) -> None: ...
def shape_noise(drawn: Tensor, noise: Sequence[Tensor]) -> None: ...
def stacked_forward(
    input: Tensor,
    hidden: Sequence[Tensor],
    heads: Sequence[Sequence[Tensor]],
    strips: Sequence[Tensor],
    outputs: Sequence[Tensor],
    num_threads: int,
) -> None: ...
def stacked_backward(
    input: Tensor,
    hidden: Sequence[Tensor],
    heads: Sequence[Sequence[Tensor]],
    strips: Sequence[Tensor],
    output: Tensor,
    gradients: Sequence[Tensor],
    input_gradient: Tensor | None,
    to: Sequence[Tensor],
    num_threads: int,
) -> None: ...
def expect_returns(value: Tensor, advantage: Tensor, atoms: Tensor, means: Tensor) -> None: ...
def project_returns(
    value: Tensor, advantage: Tensor, action: Tensor, reward: Tensor, factor: Tensor, atoms: Tensor, target: Tensor
) -> None: ...
def cross_entropies(
    value: Tensor, advantage: Tensor, action: Tensor, target: Tensor, errors: Tensor, change: Tensor
) -> None: ...
def average_quantiles(value: Tensor, advantage: Tensor, means: Tensor) -> None: ...
def move_quantiles(
    value: Tensor, advantage: Tensor, action: Tensor, reward: Tensor, factor: Tensor, target: Tensor
) -> None: ...
def quantile_errors(
    value: Tensor,
    advantage: Tensor,
    action: Tensor,
    fraction: Tensor,
    target: Tensor,
    errors: Tensor,
    change: Tensor,
) -> None: ...
def dueling_backward(
    action: Tensor, change: Tensor, gradient: Tensor, value_gradient: Tensor, advantage_gradient: Tensor
) -> None: ...
def embed_forward(
    features: Tensor,
    fractions: Tensor,
    weight: Tensor,
    bias: Tensor,
    cosines: Tensor,
    embedding: Tensor | None,
    output: Tensor,
    num_threads: int,
) -> None: ...
def embed_backward(
    features: Tensor,
    weight: Tensor,
    bias: Tensor,
    cosines: Tensor,
    embedding: Tensor,
    gradient: Tensor,
    features_gradient: Tensor,
    weight_gradient: Tensor,
    bias_gradient: Tensor,
    num_threads: int,
) -> None: ...
def step_adam(
    weights: Sequence[Tensor],
    gradients: Sequence[Tensor],
    means: Sequence[Tensor],
    squares: Sequence[Tensor],
    copies: Sequence[Tensor],
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    steps: Sequence[Tensor],
    max_norm: float,
    num_threads: int,
) -> float: ...
def find_policy(
    hidden: Tensor,
    policy: Tensor,
    policy_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
    log_probabilities: Tensor,
    values: Tensor,
) -> None: ...
def find_policy_back(
    hidden: Tensor,
    policy: Tensor,
    policy_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
    log_probabilities: Tensor,
    log_gradient: Tensor,
    value_gradient: Tensor,
    hidden_gradient: Tensor,
    policy_to: Tensor,
    policy_bias_to: Tensor,
    value_to: Tensor,
    value_bias_to: Tensor,
) -> None: ...
def multiply_few_rows(input: Tensor, weight: Tensor, bias: Tensor, output: Tensor, num_threads: int) -> None: ...
def draw_actions(log_probabilities: Tensor, race: Tensor, action: Tensor, chosen: Tensor) -> None: ...
def surrogate(
    log_probabilities: Tensor,
    values: Tensor,
    action: Tensor,
    log_probability: Tensor,
    value: Tensor,
    advantage: Tensor,
    target: Tensor,
    reference: Tensor,
    clip: float,
    value_clip: float,
    value_weight: float,
    entropy_weight: float,
    reference_weight: float,
    log_gradient: Tensor,
    value_gradient: Tensor,
) -> tuple[float, float, float, float, float, float]: ...
