"""Core ML packages rewritten as actions of Bazel.

    load("//tools:milopt.bzl", "milopt_package")

    milopt_package(
        name = "detector",
        srcs = glob(["detector_fp32.mlpackage/**"]),
        pipeline = "default,palettize_weights",
        target = "iOS18",
    )

An action is a function of its inputs: milopt writes the same bytes from the same package, pipeline and version,
reads nothing else, and needs no network, so that its result can be cached and made on any machine. Give the tool a
label of its own version (`milopt`), so that a new one makes everything anew.

Written for Bazel 7 and later. The project's own checks do not run Bazel: what is tested is the command line that the
rule makes.
"""

def _milopt_package_impl(ctx):
    manifests = [file for file in ctx.files.srcs if file.basename == "Manifest.json"]
    if len(manifests) != 1:
        fail("srcs must be the files of one package, with its Manifest.json; found %d" % len(manifests))
    out = ctx.actions.declare_directory(ctx.label.name + ".mlpackage")

    arguments = ctx.actions.args()
    arguments.add_all(["--quiet", "run", manifests[0].dirname])
    arguments.add("-o", out.path)
    arguments.add("--pipeline", ctx.attr.pipeline)
    if ctx.attr.target:
        arguments.add("--target", ctx.attr.target)

    ctx.actions.run(
        executable = ctx.executable.milopt,
        arguments = [arguments],
        inputs = ctx.files.srcs,
        outputs = [out],
        mnemonic = "MiloptPackage",
        progress_message = "Rewriting %{label}",
    )
    return [DefaultInfo(files = depset([out]))]

milopt_package = rule(
    implementation = _milopt_package_impl,
    doc = "A Core ML package after passes.",
    attrs = {
        "srcs": attr.label_list(allow_files = True, mandatory = True, doc = "All files of one .mlpackage."),
        "pipeline": attr.string(mandatory = True, doc = "What is done: as milopt run --pipeline takes it."),
        "target": attr.string(doc = "The release to make the model one for first, such as iOS18."),
        "milopt": attr.label(executable = True, cfg = "exec", default = "//tools:milopt", doc = "The command."),
    },
)
