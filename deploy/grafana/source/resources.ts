/** The resources with their own panels, and Grafana's names of their units. */
export const RESOURCES = {
  vcpu: {
    title: 'vCPUs',
    metric: 'project_vcpu_usage',
    unit: 'suffix:vCPU',
    usageUnit: 'suffix:vCPU-hours',
  },
  memory: { title: 'Memory', metric: 'project_mb_usage', unit: 'mbytes', usageUnit: 'suffix:MiB-hours' },
  disk: { title: 'Disk', metric: 'project_disk_gb_usage', unit: 'gbytes', usageUnit: 'suffix:GiB-hours' },
  servers: {
    title: 'Servers',
    metric: 'project_instance_usage',
    unit: 'none',
    usageUnit: 'suffix:server-hours',
  },
  gpu: { title: 'GPUs', metric: 'project_gpu_usage', unit: 'suffix:GPU', usageUnit: 'suffix:GPU-hours' },
} as const;
