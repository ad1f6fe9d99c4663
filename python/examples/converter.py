"""A converter that builds its program with coremltools, and has milopt rewrite it before it is saved.

    python converter.py OUT.mlpackage
"""

import sys

import coremltools as ct
import numpy as np
from coremltools.converters.mil import Builder as mb

import milopt.coreml


@mb.program(input_specs=[mb.TensorSpec(shape=(1, 3, 8, 8))], opset_version=ct.target.iOS17)
def network(x):
    """Two layers. A real converter walks its own graph here."""
    weight = np.linspace(-0.5, 0.5, 4 * 3 * 3 * 3, dtype=np.float32).reshape(4, 3, 3, 3)
    conv = mb.conv(x=x, weight=weight)
    return mb.relu(x=mb.add(x=conv, y=np.float32([0.1, 0.2, 0.3, 0.4]).reshape(1, 4, 1, 1)), name="y")


def main(out):
    milopt.coreml.register()  # `milopt::run` is a pass of coremltools from here on
    pipeline = ct.PassPipeline.EMPTY
    pipeline.append_pass("milopt::run")
    pipeline.set_options("milopt::run", {"pipeline": "fp16"})
    mlmodel = ct.convert(
        network,
        convert_to="mlprogram",
        minimum_deployment_target=ct.target.iOS17,
        pass_pipeline=pipeline,
        skip_model_load=True,
    )
    mlmodel.save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
