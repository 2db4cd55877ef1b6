#!/usr/bin/env bash
# Open an issue about a scheduled job that failed, or add to the one that is open:
#   bash .github/report_failure.sh TITLE
set -euo pipefail
title=$1
log="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
number=$(gh issue list --state open --limit 1000 --json number,title \
  --jq "[.[] | select(.title == \"$title\") | .number] | first // empty")
if [ -n "$number" ]; then
  gh issue comment "$number" --body "Again: $log"
else
  gh issue create --title "$title" --body "The scheduled job failed; its log says why: $log"
fi
