# SPDX-License-Identifier: Apache-2.0
# A cluster of `offerkit dev` for a script. Sourced. Everything of it lies below one work folder,
# named in the environment of all of its processes, which is how they are found again.

cluster_pid="" cluster_bin="" cluster_work=""

# cluster_start BIN WORK AGENTS
cluster_start() {
  cluster_bin=$1 cluster_work=$2
  mkdir -p -m 700 "$cluster_work/run" "$cluster_work/dev"
  export XDG_RUNTIME_DIR=$cluster_work/run OFFERKIT_SCRIPT_CLUSTER=$cluster_work
  "$cluster_bin/offerkit" dev --agents "$3" --work-dir "$cluster_work/dev" \
    >"$cluster_work/dev.log" 2>&1 </dev/null &
  cluster_pid=$!
}

# cluster_agents_wait N: until N agents are there, at most 30 s.
cluster_agents_wait() {
  local deadline=$((SECONDS + 30)) seen=0
  while ((SECONDS < deadline)); do
    seen=$("$cluster_bin/offerkit" agents -o json 2>/dev/null |
      python3 -c 'import json, sys; print(len(json.load(sys.stdin)["agents"]))' 2>/dev/null) || seen=0
    ((seen < $1)) || return 0
    kill -0 "$cluster_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "cluster: $seen of $1 agents came up; what offerkit dev said:" >&2
  tail -n 20 "$cluster_work/dev.log" >&2
  return 1
}

# cluster_stop: asks it to end (a shell's background jobs ignore SIGINT); waits for the processes to be gone, and ends what is not after 20 s.
cluster_stop() {
  [[ -n $cluster_pid ]] || return 0
  local deadline=$((SECONDS + 20))
  kill -TERM "$cluster_pid" 2>/dev/null || true
  while kill -0 "$cluster_pid" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.05; done
  kill -KILL "$cluster_pid" 2>/dev/null || true
  wait "$cluster_pid" 2>/dev/null || true
  cluster_pid=""
}

# cluster_left: processes of the cluster that still run, one a line.
cluster_left() {
  local process
  for process in /proc/[0-9]*; do
    [[ ${process#/proc/} != "$$" && ${process#/proc/} != "$BASHPID" ]] || continue
    # Tasks have an environment of their own: their programs or folders name the work folder.
    if { tr '\0' '\n' <"$process/environ" | grep -qxF "OFFERKIT_SCRIPT_CLUSTER=$cluster_work" ||
      [[ $(readlink "$process/cwd") == "$cluster_work"* ]]; } 2>/dev/null; then
      [[ $(readlink "$process/exe" 2>/dev/null) != "$cluster_bin"* ]] ||
        echo "${process#/proc/} $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null)"
    fi
  done
}
