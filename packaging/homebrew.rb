# The formula for a tap: copy it to Formula/crashgate.rb there.
class Crashgate < Formula
  desc "Deployment gate for Kubernetes that says yes only with proof"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@DOWNLOADS@/crashgate-v@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256:crashgate-v@VERSION@-aarch64-apple-darwin.tar.gz@"
    end
    on_intel do
      url "@DOWNLOADS@/crashgate-v@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256:crashgate-v@VERSION@-x86_64-apple-darwin.tar.gz@"
    end
  end

  on_linux do
    on_arm do
      url "@DOWNLOADS@/crashgate-v@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:crashgate-v@VERSION@-aarch64-unknown-linux-musl.tar.gz@"
    end
    on_intel do
      url "@DOWNLOADS@/crashgate-v@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:crashgate-v@VERSION@-x86_64-unknown-linux-musl.tar.gz@"
    end
  end

  def install
    bin.install "crashgate"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/crashgate.bash" => "crashgate"
    zsh_completion.install "completions/_crashgate"
    fish_completion.install "completions/crashgate.fish"
  end

  test do
    assert_match "crashgate #{version}", shell_output("#{bin}/crashgate --version")
  end
end
